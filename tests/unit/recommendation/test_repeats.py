"""The last trials of a budget evaluate the leaders again, on every engine."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.study import Study
from optuna.trial import TrialState

import crosstune
from crosstune.engines.budget import SearchBudget
from crosstune.engines.record_names import REPEATS, RUNS
from crosstune.errors import RequestError, SpecError, Unsupported
from crosstune.recommendation.repeats import queue_repeat
from crosstune.spec.schema import schema
from tests.support.slow import slow_but_first
from tests.unit.parallel.histories import history
from tests.unit.resume.support import killed, rows, run, snapshot_never, snapshot_often, writes

SPACE: dict[str, Any] = {
    "x": {"type": "float", "low": 0, "high": 1},
    "n": {"type": "int", "low": 1, "high": 64, "log": True},
    "c": {"type": "choice", "values": ["a", "b"]},
    "d": {"type": "float", "low": 0, "high": 1, "when": {"c": "a"}},
    "fixed": {"type": "constant", "value": 3},
}
SPEC: dict[str, Any] = {"space": SPACE, "seed": 3, "trials": 16, "repeats": 5, "name": "a study"}
ENGINES = ["hyperopt:tpe", "optuna:tpe", "keras_tuner:bayesian", "crosstune:gp", "optuna:random"]


def noisy(params: dict[str, Any], trial: optuna.Trial) -> float:
    """Noise that depends on the number of the trial alone."""
    noise = float(np.random.default_rng(trial.number).normal())
    return float(params["x"] ** 2 + (params["c"] == "b") * 0.1 + 0.2 * noise)


def _engine(name: str) -> dict[str, str]:
    backend, _, sampler = name.partition(":")
    return {"backend": backend, "sampler": sampler}


def _repeated(study: Study) -> list[int | None]:
    return [trial.user_attrs.get(REPEATS) for trial in study.trials]


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
@pytest.mark.parametrize("engine", slow_but_first(ENGINES, 2))
def test_the_last_trials_are_at_points_of_the_first(engine: str, direction: str) -> None:
    sign = 1.0 if direction == "minimize" else -1.0
    study = crosstune.tune(
        {**SPEC, "metric": {"direction": direction}},
        lambda params, trial: sign * noisy(params, trial),
        **_engine(engine),
    )
    leaders = _repeated(study)
    assert leaders[:11] == [None] * 11
    assert all(leader is not None and leader < 16 for leader in leaders[11:])
    for trial, leader in zip(study.trials[11:], leaders[11:], strict=True):
        assert leader is not None
        assert trial.params == study.trials[leader].params
    assert len({trial.value for trial in study.trials}) == 16
    worst = sorted(trial.value * sign for trial in study.trials[:11])[6]
    firsts = [trial for trial in study.trials[:11] if trial.params == study.trials[-1].params]
    assert firsts[0].value * sign < worst
    record = study.user_attrs[RUNS][-1]
    assert (record["native"], record["budget"]["repeats"]) == (False, 5)
    assert "the last 5 trials evaluate leading points again" in record["notes"]


def test_without_repeats_nothing_changes() -> None:
    plain = crosstune.tune({**SPEC, "repeats": 0}, noisy)
    spec = {key: value for key, value in SPEC.items() if key != "repeats"}
    assert history(plain) == history(crosstune.tune(spec, noisy))
    record = plain.user_attrs[RUNS][-1]
    assert (record["native"], "repeats" in record["budget"]) == (True, False)
    begun = crosstune.tune(SPEC, noisy)
    assert history(begun)[:11] == history(plain)[:11]


def test_the_engine_is_told_of_repeats() -> None:
    spec = {**SPEC, "backend": "hyperopt"}
    study = crosstune.tune(spec, noisy)
    study.optimize(lambda trial: noisy(trial.relative_params, trial), n_trials=1)
    told = study.sampler.native.losses()  # type: ignore[attr-defined]
    assert sorted(told[:16]) == sorted(trial.value for trial in study.trials[:16])


def test_a_finite_space_is_repeated_when_it_is_exhausted() -> None:
    spec = {
        "space": {"n": {"type": "int", "low": 1, "high": 6}},
        "seed": 0, "trials": 9, "repeats": 3, "sampler": "grid", "backend": "crosstune",
    }  # fmt: skip
    study = crosstune.tune(spec, lambda params, trial: params["n"] + trial.number % 3)
    assert _repeated(study)[:6] == [None] * 6
    assert all(leader is not None for leader in _repeated(study)[6:])
    assert sorted(trial.params["n"] for trial in study.trials[:6]) == [1, 2, 3, 4, 5, 6]


def test_without_a_leader_the_engine_is_asked() -> None:
    def fails_until_nine(params: dict[str, Any], trial: optuna.Trial) -> float:
        if trial.number in (0, *range(2, 10)):
            raise ValueError("none yet")
        return params["x"]

    def pruned(params: dict[str, Any]) -> float:
        raise optuna.TrialPruned

    study = crosstune.tune({**SPEC, "repeats": 10}, pruned)
    assert _repeated(study) == [None] * 16
    study = crosstune.tune({**SPEC, "repeats": 10}, fails_until_nine)
    assert [leader is None for leader in _repeated(study)] == [True] * 6 + [False] * 10


@pytest.mark.parametrize("how", slow_but_first(["before", "torn", "after"]))
@pytest.mark.parametrize("engine", slow_but_first(["hyperopt:tpe", "optuna:tpe", "crosstune:gp"]))
def test_a_killed_run_continues_to_the_same_repeats(
    engine: str, how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = {**SPEC, **_engine(engine), "trials": 9, "repeats": 4}
    snapshot_never(monkeypatch)
    count = writes(tmp_path / "whole.journal", spec, monkeypatch, function=noisy)
    wanted = rows(run(tmp_path / "whole.journal", spec, resume=True, function=noisy))
    assert sum(REPEATS in row[5] for row in wanted) == 4
    if how == "after":
        snapshot_often(monkeypatch)
    for at in range(count // 2, count + 1, 5):
        place = tmp_path / f"{at}.journal"
        assert killed(place, spec, monkeypatch, at=at, how=how, function=noisy)
        assert rows(run(place, spec, resume=True, function=noisy)) == wanted, at


def test_a_raised_budget_has_its_repeats_at_its_end(tmp_path: Path) -> None:
    place = tmp_path / "s.journal"
    run(place, SPEC, function=noisy)
    study = run(place, SPEC, function=noisy, resume=True, trials=24, repeats=2)
    chosen = [leader is not None for leader in _repeated(study)]
    assert chosen == [False] * 11 + [True] * 5 + [False] * 6 + [True] * 2


def test_a_run_that_gets_repeats_later_is_not_native(tmp_path: Path) -> None:
    place, plain = tmp_path / "s.journal", {**SPEC, "repeats": 0}
    first = run(place, plain, function=noisy, trials=8)
    assert first.user_attrs[RUNS][-1]["native"] is True
    study = run(place, plain, function=noisy, resume=True, repeats=3)
    record = study.user_attrs[RUNS][-1]
    assert (len(study.user_attrs[RUNS]), record["native"]) == (1, False)
    assert sum(leader is not None for leader in _repeated(study)) == 3


@pytest.mark.parametrize("engine", slow_but_first(["hyperopt:tpe", "optuna:tpe", "crosstune:gp"]))
def test_in_order_the_history_does_not_depend_on_the_workers(engine: str) -> None:
    runs = []
    for workers in (1, 3):
        with ThreadPoolExecutor(workers) as executor:
            runs.append(
                crosstune.tune(
                    SPEC, noisy, **_engine(engine), executor=executor, workers=workers, lag=2
                )
            )
    assert history(runs[0]) == history(runs[1])
    assert [leader is not None for leader in _repeated(runs[0])] == [False] * 11 + [True] * 5


def test_a_killed_run_in_order_continues_to_the_same_repeats(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = {**SPEC, "trials": 9, "repeats": 4}
    with ThreadPoolExecutor(1) as executor:
        how: dict[str, Any] = {"executor": executor, "workers": 1, "lag": 2, "function": noisy}
        count = writes(tmp_path / "whole.journal", spec, monkeypatch, **how)
        wanted = history(run(tmp_path / "whole.journal", spec, resume=True, **how))
        for at in range(count // 2, count, 9):
            place = tmp_path / f"{at}.journal"
            assert killed(place, spec, monkeypatch, at=at, **how)
            assert history(run(place, spec, resume=True, **how)) == wanted, at


def test_two_workers_repeat_the_leaders() -> None:
    with ThreadPoolExecutor(2) as executor:
        study = crosstune.tune(SPEC, noisy, executor=executor, workers=2)
    assert [leader is not None for leader in _repeated(study)] == [False] * 11 + [True] * 5


def test_running_repeats_are_counted() -> None:
    study = crosstune.tune({**SPEC, "repeats": 0, "trials": 11}, noisy)
    budget = SearchBudget(trials=16, repeats=5)
    chosen = []
    for _ in range(4):
        assert queue_repeat(study, budget)
        assert not queue_repeat(study, budget)  # one is waiting
        chosen.append(study.ask().user_attrs[REPEATS])
    assert len(set(chosen)) > 1


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"repeats": -1}, "repeats: a number of 0 or more is needed, not -1"),
        ({"repeats": 1.5}, "repeats: an integer is needed, not 1.5"),
        ({"repeats": True}, "repeats: an integer is needed, not true"),
        ({"repeats": "3"}, "repeats: an integer is needed"),
        ({"repeats": 16}, "repeats: the repeats are among the trials.*16 trials, not 16"),
        ({"repeats": 99}, "repeats: .*not 99"),
    ],
)
def test_a_bad_number_is_refused(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        crosstune.Spec(**{**SPEC, **keys})


def test_what_is_passed_is_checked_like_the_spec() -> None:
    for bad in (-1, 16, 1.5, True, "3"):
        with pytest.raises(RequestError, match="repeats"):
            crosstune.tune(SPEC, noisy, repeats=bad)  # type: ignore[arg-type]
    with pytest.raises(SpecError, match="fewer than the 5 trials, not 5"):
        crosstune.tune(SPEC, noisy, trials=5)


def test_repeats_need_a_number_of_trials(tmp_path: Path) -> None:
    spec = {key: value for key, value in SPEC.items() if key != "trials"}
    with pytest.raises(SpecError, match="nothing limits the trials. Set trials too"):
        crosstune.tune(spec, noisy, seconds=1.0)
    file = tmp_path / "spec.yaml"
    crosstune.Spec(**{**spec, "seconds": 1.0}).save(file)
    line = file.read_text().splitlines().index("repeats: 5") + 1
    with pytest.raises(SpecError, match=rf"spec.yaml:{line}: repeats: the repeats are"):
        crosstune.tune(file, noisy)


def test_a_schedule_has_no_repeats() -> None:
    with pytest.raises(Unsupported, match="keras_tuner:hyperband decides how far"):
        crosstune.tune(SPEC, noisy, backend="keras_tuner", sampler="hyperband")


def test_an_own_loop_has_none() -> None:
    study = crosstune.create_study(SPEC)
    assert study.user_attrs[RUNS][-1]["native"] is True


def test_the_schema_and_the_file_know_them(tmp_path: Path) -> None:
    assert schema()["properties"]["repeats"]["minimum"] == 0
    spec = crosstune.Spec(**SPEC)
    spec.save(tmp_path / "spec.yaml")
    assert crosstune.Spec.load(tmp_path / "spec.yaml").repeats == 5


def test_a_failed_repeat_counts() -> None:
    def fails_late(params: dict[str, Any], trial: optuna.Trial) -> float:
        if trial.number >= 13:
            raise ValueError("late")
        return noisy(params, trial)

    study = crosstune.tune(SPEC, fails_late)
    assert len(study.trials) == 16
    assert [t.state for t in study.trials[13:]] == [TrialState.FAIL] * 3
