"""Whatever a user's function raises or returns costs its trial, and not the run."""

from __future__ import annotations

import asyncio
import concurrent.futures
import json
import math
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.trial import TrialState

import crosstune
from crosstune import Float, Space
from crosstune.engines.record_names import ERROR
from crosstune.errors import described, message_of
from tests.support.slow import slow_but_first

SPACE = Space({"x": Float(0.0, 1.0)})
SPEC: dict[str, Any] = {"name": "s", "space": SPACE, "seed": 0, "sampler": "random"}


class Unspeakable(Exception):
    """Its message cannot be had."""

    def __str__(self) -> str:
        raise RuntimeError("no")

    __repr__ = __str__


class Leaving(BaseException):
    """Of a framework that ends tasks so, as trio and pytest do."""


class LeavingUnspeakable(Unspeakable, Leaving):
    """Both."""


class OddText(str):
    """A text that is one and shows otherwise."""

    def __str__(self) -> str:
        raise ValueError("no")

    def __format__(self, spec: str) -> str:
        raise ValueError("no")


class Odd(Exception):
    """Its message is no plain text."""

    def __str__(self) -> str:
        return OddText("odd")


class NotText(Exception):
    def __str__(self) -> str:
        return 3  # type: ignore[return-value]


class Leaves(Exception):
    def __str__(self) -> str:
        raise SystemExit(4)


class Group(BaseException):
    def __str__(self) -> str:
        return "\ud800" + "x" * 10**6


def unicode_error() -> Exception:
    return UnicodeDecodeError("utf-8", b"x", 0, 1, "no")


RAISED: list[Callable[[], BaseException]] = [
    Unspeakable,
    LeavingUnspeakable,
    Odd,
    NotText,
    Leaves,
    Group,
    Leaving,
    asyncio.CancelledError,
    concurrent.futures.CancelledError,
    GeneratorExit,
    lambda: SystemExit(3),
    StopIteration,
    RecursionError,
    MemoryError,
    AssertionError,
    unicode_error,
    lambda: ValueError("\ud800 \x00"),
    lambda: OSError(28, "No space left on device"),
    lambda: KeyError(Unspeakable()),
    optuna.exceptions.OptunaError,
    lambda: optuna.exceptions.UpdateFinishedTrialError("x"),
    lambda: RuntimeError(10**5000),
]


class Broken:
    """A value all of whose methods raise."""

    def _fail(self, *_: Any) -> Any:
        raise Unspeakable

    __float__ = __str__ = __repr__ = __len__ = __iter__ = _fail


class BrokenMapping(Mapping[str, Any]):
    def __getitem__(self, key: str) -> Any:
        raise Unspeakable

    def __iter__(self) -> Iterator[str]:
        raise Leaving

    def __len__(self) -> int:
        raise asyncio.CancelledError


RETURNED: list[Any] = [
    10**400,
    -(10**5000),
    Fraction(10**400),
    {"value": 10**400},
    Broken(),
    {"value": Broken()},
    BrokenMapping(),
    {Broken: 1.0, "value": Broken()},
]


def storages(folder: Path) -> list[Any]:
    return [None, folder / "s.journal", f"sqlite:///{folder / 's.db'}"]


def check(study: optuna.Study) -> None:
    """The second of four trials failed, and says why."""
    states = [trial.state for trial in study.trials]
    assert states == [TrialState.COMPLETE, TrialState.FAIL, *[TrialState.COMPLETE] * 2]
    why = study.trials[1].user_attrs[ERROR]
    assert 0 < len(why) < 20_000
    json.loads(json.dumps(why).encode())


@pytest.mark.parametrize("make", RAISED, ids=lambda make: make.__name__)
@pytest.mark.parametrize("place", slow_but_first([1, 0]))
def test_what_is_raised_fails_one_trial(
    tmp_path: Path, make: Callable[[], BaseException], place: int
) -> None:
    def objective(params: dict[str, Any], trial: optuna.Trial) -> float:
        if trial.number == 1:
            raise make()
        return params["x"]  # type: ignore[no-any-return]

    check(crosstune.tune(SPEC, objective, trials=4, storage=storages(tmp_path)[place]))


@pytest.mark.parametrize("returned", RETURNED, ids=lambda value: type(value).__name__)
def test_a_value_that_is_no_float_fails_one_trial(tmp_path: Path, returned: Any) -> None:
    def objective(params: dict[str, Any], trial: optuna.Trial) -> Any:
        return returned if trial.number == 1 else params["x"]

    check(crosstune.tune(SPEC, objective, trials=4, storage=tmp_path / "s.journal"))


@pytest.mark.parametrize(
    "further", [10**400, 10**5000, Fraction(10**400), Broken(), Decimal(3)], ids=range(5)
)
@pytest.mark.parametrize("place", slow_but_first([1, 0, 2]))
def test_a_further_metric_costs_nothing(tmp_path: Path, further: Any, place: int) -> None:
    study = crosstune.tune(
        SPEC,
        lambda params: {"value": params["x"], "further": further},
        trials=2,
        storage=storages(tmp_path)[place],
    )
    assert all(trial.state is TrialState.COMPLETE for trial in study.trials)
    assert all("further" in trial.user_attrs for trial in study.trials)


def report(trial: optuna.Trial) -> None:
    trial.report(10**400, 0)


def attribute(trial: optuna.Trial) -> None:
    trial.set_user_attr("a", Broken())


def large_attribute(trial: optuna.Trial) -> None:
    trial.set_user_attr("a", 10**5000)


def odd_step(trial: optuna.Trial) -> None:
    trial.report(1.0, 10**400)


CALLS = [report, attribute, large_attribute, odd_step]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.__name__)
@pytest.mark.parametrize("place", slow_but_first([1, 2]))
def test_what_a_trial_is_told_fails_one_trial(
    tmp_path: Path, call: Callable[[optuna.Trial], None], place: int
) -> None:
    def objective(params: dict[str, Any], trial: optuna.Trial) -> float:
        if trial.number == 1:
            call(trial)
            raise ValueError("a database may hold it")
        return params["x"]  # type: ignore[no-any-return]

    check(crosstune.tune(SPEC, objective, trials=4, storage=storages(tmp_path)[place]))


def test_ctrl_c_ends_the_run_and_leaves_the_trial(tmp_path: Path) -> None:
    class CtrlC(KeyboardInterrupt):
        """As a library may make one of its own."""

    def objective(params: dict[str, Any], trial: optuna.Trial) -> float:
        if trial.number == 1:
            raise CtrlC
        return 1.0

    place = tmp_path / "s.journal"
    with pytest.raises(KeyboardInterrupt):
        crosstune.tune(SPEC, objective, trials=4, storage=place)
    study = crosstune.tune(SPEC, lambda params: 1.0, trials=4, storage=place, resume=True)
    assert {trial.state for trial in study.trials} == {TrialState.COMPLETE}


@pytest.mark.parametrize("make", [Unspeakable, Leaving, LeavingUnspeakable])
def test_in_every_dialect(make: Callable[[], BaseException]) -> None:
    def optuna_dialect(trial: optuna.Trial) -> float:
        value = trial.suggest_float("x", 0, 1)
        if trial.number == 1:
            raise make()
        return value

    check(crosstune.tune(SPEC, optuna_dialect, trials=4, dialect="optuna"))

    def hyperopt_dialect(params: dict[str, Any], trial: optuna.Trial) -> Any:
        if trial.number == 1:
            raise make()
        return {"status": "ok", "loss": params["x"], "more": Broken(), "large": 10**5000}

    check(crosstune.tune(SPEC, hyperopt_dialect, trials=4, dialect="hyperopt"))


@pytest.mark.parametrize(
    "returned", [10**400, {"status": "ok", "loss": Fraction(10**400)}], ids=range(2)
)
def test_a_loss_of_hyperopt_that_is_no_float_fails_one_trial(returned: Any) -> None:
    def objective(params: dict[str, Any], trial: optuna.Trial) -> Any:
        return returned if trial.number == 1 else params["x"]

    check(crosstune.tune(SPEC, objective, trials=4, dialect="hyperopt"))


@pytest.mark.parametrize("lag", [None, 1])
@pytest.mark.parametrize("make", [Unspeakable, Leaving, asyncio.CancelledError])
def test_with_several_at_a_time(make: Callable[[], BaseException], lag: int | None) -> None:
    def objective(params: dict[str, Any], trial: optuna.Trial) -> float:
        if trial.number == 1:
            raise make()
        return params["x"]  # type: ignore[no-any-return]

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        check(crosstune.tune(SPEC, objective, trials=4, executor=pool, workers=2, lag=lag))


def test_in_a_match(tmp_path: Path) -> None:
    from crosstune.benchmarks.compare import compare

    def objective(params: dict[str, Any], trial: optuna.Trial) -> float:
        if trial.number == 1:
            raise LeavingUnspeakable
        return params["x"]  # type: ignore[no-any-return]

    summary = compare(
        SPEC,
        objective,
        contenders="optuna:random,optuna:qmc",
        seeds=2,
        trials=3,
        out=tmp_path,
    )
    runs = summary.results.runs.values()
    assert [run.end for run in runs] == ["done"] * 4
    assert all(run.evaluations[1].error for run in runs)


def test_the_test_of_an_objective_ends_no_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from crosstune.cli.main import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "odd_test_objective.py").write_text(
        "class E(BaseException):\n"
        "    def __str__(self): raise ValueError\n"
        "def f(params): return params['x']\n"
        "def test(params): raise E\n"
        "f.test = test\n"
    )
    (tmp_path / "spec.json").write_text(
        json.dumps({"objective": "odd_test_objective:f", "space": SPACE.to_dict(), "trials": 2})
    )
    with pytest.raises(SystemExit) as ended:
        main(["run", "spec.json"])
    err = capsys.readouterr().err
    assert ended.value.code == 0
    assert "the test of trial" in err


@pytest.mark.parametrize("flag", [[], ["--debug"]])
@pytest.mark.parametrize("error", ["E", "asyncio.CancelledError", "SystemExit", "E2"])
def test_what_a_module_raises_when_imported_is_said(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: str,
    flag: list[str],
) -> None:
    from crosstune.cli.main import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", [str(tmp_path), *__import__("sys").path])
    module = f"odd_module_{error.replace('.', '_')}_{len(flag)}"
    (tmp_path / f"{module}.py").write_text(
        "import asyncio\n"
        "class E(Exception):\n"
        "    def __str__(self): raise ValueError\n"
        "class E2(Exception):\n"
        "    def __str__(self): return '\\x1b]0;owned\\x07'\n"
        f"raise {error}\n"
    )
    (tmp_path / "spec.json").write_text(
        json.dumps({"objective": f"{module}:f", "space": SPACE.to_dict()})
    )
    with pytest.raises(SystemExit) as ended:
        main(["run", "spec.json", *flag])
    err = capsys.readouterr().err
    assert ended.value.code == 2
    assert "importing" in err
    assert "\x1b" not in err
    assert "\x07" not in err
    assert ("Traceback" in err) is bool(flag)


@given(st.sampled_from(RAISED), st.sampled_from([message_of, described]))
@settings(max_examples=40)
def test_every_exception_has_a_message(
    make: Callable[[], BaseException], words: Callable[[BaseException], str]
) -> None:
    text = words(make())
    assert type(text) is str
    assert 0 < len(text) < 20_000
    text.encode()


@given(st.integers() | st.floats() | st.decimals() | st.fractions() | st.text(max_size=5))
@settings(max_examples=30)
def test_any_number_is_a_value_or_fails_its_trial(returned: Any) -> None:
    def objective(params: dict[str, Any], trial: optuna.Trial) -> Any:
        return returned if trial.number == 1 else 1.0

    if isinstance(returned, str):
        with pytest.raises(crosstune.errors.ObjectiveError):
            crosstune.tune(SPEC, objective, trials=3)
        return
    study = crosstune.tune(SPEC, objective, trials=3)
    told = study.trials[1]
    assert told.state is TrialState.FAIL or not math.isnan(told.value or 0.0)
