from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.trial import TrialState

from crosstune import Spec, tune
from crosstune.engines.record_names import ERROR
from crosstune.errors import CrosstuneError, ObjectiveError, RequestError, RunError
from crosstune.objectives import prepare, tell_dialect
from crosstune.spec.import_path import find
from tests.support.slow import slow_but_first

SPACE = {"x": {"type": "float", "low": -1, "high": 1}}


@pytest.fixture(autouse=True)
def _imports_are_undone() -> Iterator[None]:
    path, modules = list(sys.path), set(sys.modules)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if getattr(sys.modules[name], "__file__", None) and name.startswith("objective_"):
            del sys.modules[name]


def run(objective: Any, *, trials: int = 4, **keys: Any) -> optuna.Study:
    return tune({"space": SPACE, "seed": 0, **keys}, objective, trials=trials)


def test_a_function_of_params_is_handed_the_active_values() -> None:
    seen: list[dict[str, Any]] = []

    def objective(params: dict[str, Any]) -> float:
        seen.append(params)
        return 0.0

    study = run(objective)
    assert seen == [trial.params for trial in study.trials]


def test_a_function_of_params_and_trial_is_handed_both() -> None:
    numbers = []

    def objective(params: dict[str, Any], trial: optuna.Trial) -> float:
        numbers.append(trial.number)
        return params["x"]

    run(objective)
    assert numbers == [0, 1, 2, 3]


def test_a_function_of_a_trial_suggests_on_its_own() -> None:
    study = run(lambda trial: trial.suggest_float("x", -1, 1))
    assert [trial.value for trial in study.trials] == [trial.params["x"] for trial in study.trials]


def test_each_dialect_is_handed_the_same_values() -> None:
    by_params = run(lambda params: params["x"])
    by_trial = run(lambda trial: trial.suggest_float("x", -1, 1))
    assert [t.params for t in by_params.trials] == [t.params for t in by_trial.trials]


def test_further_metrics_are_kept_as_user_attributes() -> None:
    study = run(lambda params: {"loss": 1.0, "f1": np.float32(0.5), "note": "a"}, metric="loss")
    assert (study.best_value, study.best_trial.user_attrs) == (1.0, {"f1": 0.5, "note": "a"})


@pytest.mark.parametrize("number", [1, 1.5, np.float32(2), np.int64(3), np.array(4.0)], ids=repr)
def test_any_number_is_a_value(number: Any) -> None:
    assert run(lambda params: number, trials=1).best_value == float(number)


BAD: list[tuple[Any, str]] = [
    (None, "returned None. It has to return the number 'value'"),
    ("abc", "returned 'abc'"),
    (True, "returned True"),
    ((1.0, 2.0), "returned 2 values. A study has one metric"),
    ([1.0], "returned 1 values"),
    ({"loss": 1.0}, "returned no 'value'. It returned: loss"),
    ({}, "It returned: an empty mapping"),
    ({"value": None}, "returned None"),
    (3j, "returned complex, which is no number"),
    (np.array([1.0, 2.0]), "returned ndarray, which is no number"),
]


@pytest.mark.parametrize(("returned", "words"), BAD, ids=lambda x: str(x)[:30])
def test_what_is_no_number_ends_the_run(returned: Any, words: str) -> None:
    with pytest.raises(ObjectiveError) as refused:
        run(lambda params: returned)
    assert (words in str(refused.value), refused.value.exit_status) == (True, 1), refused.value


@pytest.mark.parametrize("backend", slow_but_first(["optuna", "hyperopt", "keras_tuner"]))
def test_a_trial_with_nan_failed_and_the_study_goes_on(backend: str) -> None:
    def objective(params: dict[str, Any], trial: optuna.Trial) -> float:
        return float("nan") if trial.number == 1 else 1.0

    study = run(objective, backend=backend)
    states = [trial.state for trial in study.trials]
    assert states == [TrialState.COMPLETE, TrialState.FAIL, *[TrialState.COMPLETE] * 2]


def test_a_trial_with_nan_says_so() -> None:
    def objective(params: dict[str, Any], trial: optuna.Trial) -> float:
        return float("nan") if trial.number else 1.0

    assert run(objective, trials=2).trials[1].user_attrs[ERROR] == "'value' = NaN"


@pytest.mark.parametrize("error", [ValueError("boom"), SystemExit(3), MemoryError("boom")])
def test_a_trial_whose_objective_raises_failed_and_says_why(error: BaseException) -> None:
    def objective(params: dict[str, Any], trial: optuna.Trial) -> float:
        if trial.number == 1:
            raise error
        return 1.0

    failed = run(objective).trials[1]
    assert (failed.state, failed.user_attrs[ERROR]) == (
        TrialState.FAIL,
        f"{type(error).__name__}: {error}",
    )


def test_an_objective_may_prune() -> None:
    def objective(params: dict[str, Any], trial: optuna.Trial) -> float:
        raise optuna.TrialPruned

    assert {trial.state for trial in run(objective).trials} == {TrialState.PRUNED}


def test_an_objective_that_never_works_ends_the_run_after_three_trials() -> None:
    def objective(params: dict[str, Any]) -> float:
        raise ValueError("boom")

    with pytest.raises(RunError, match="the first 3 trials all failed, .* ValueError: boom"):
        run(objective, trials=50)


def test_a_failure_of_the_sampler_is_not_blamed_on_the_objective() -> None:
    with pytest.raises(RunError, match="the sampler failed on trial 0: TypeError"):
        run(lambda params: 1.0, sampler={"name": "tpe", "n_startup_trials": "abc"})


SIGNATURES: list[tuple[Any, str]] = [
    (lambda trial: 0, "optuna"),
    (lambda params: 0, "crosstune"),
    (lambda params, trial: 0, "crosstune"),
    (lambda trial, params: 0, "crosstune"),
    (lambda params, trial=None: 0, "crosstune"),
    (lambda params, more=3: 0, "crosstune"),
    (lambda trial, more=3: 0, "optuna"),
    ({"estimator": "a:b"}, "sklearn"),
]


@pytest.mark.parametrize(("objective", "dialect"), SIGNATURES)
def test_the_dialect_is_told_from_the_parameters(objective: Any, dialect: str) -> None:
    assert tell_dialect(objective) == dialect


@pytest.mark.parametrize(
    "objective", [lambda: 0, lambda a: 0, lambda a, b: 0, lambda params, b: 0, lambda **k: 0, 3]
)
def test_another_signature_is_refused(objective: Any) -> None:
    with pytest.raises(RequestError):
        tell_dialect(objective)


def test_a_dialect_may_be_said() -> None:
    prepared = prepare(Spec(space=SPACE), lambda t: t.suggest_float("x", -1, 1), "optuna")
    study = optuna.create_study()
    study.optimize(prepared, n_trials=1)
    assert study.best_value == study.best_params["x"]


def test_an_unknown_dialect_is_refused() -> None:
    with pytest.raises(RequestError, match="Did you mean 'optuna'"):
        prepare(Spec(space=SPACE), lambda trial: 0, "optunna")


def test_a_spec_without_an_objective_asks_for_one() -> None:
    with pytest.raises(RequestError, match="the spec names no objective"):
        prepare(Spec(space=SPACE), None, None)


def test_an_objective_is_found_beside_the_spec(tmp_path: Path) -> None:
    (tmp_path / "objective_a.py").write_text("class A:\n    @staticmethod\n    def f(): return 7")
    assert find("objective_a:A.f", tmp_path)() == 7


def test_another_module_of_the_same_name_is_not_taken_in_its_place(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "objective_b.py").write_text(f"where = {folder!r}")
    assert find("objective_b:where", tmp_path / "one") == "one"
    with pytest.raises(RequestError, match="is imported already"):
        find("objective_b:where", tmp_path / "two")


FILES = {
    "objective_broken": "def f(:",
    "objective_raises": "raise KeyError('x')",
    "objective_needs": "import nothing_like_this",
    "objective_fine": "def score(params): return 1",
}
TARGETS = [
    ("objective_none:f", "there is no module 'objective_none' beside the spec in"),
    ("objective_broken:f", "importing 'objective_broken' failed: SyntaxError"),
    ("objective_raises:f", "importing 'objective_raises' failed: KeyError: 'x'"),
    ("objective_needs:f", "importing 'objective_needs' failed: No module named 'nothing_like"),
    ("objective_fine:scor", "has no name 'scor'. Known: score. Did you mean 'score'?"),
    ("objective_fine", "is written module:function"),
    (":f", "is written module:function"),
    ("objective_fine:", "is written module:function"),
    ("../objective_fine:f", "is written module:function"),
    (".objective_fine:f", "is written module:function"),
    ("objective_fine.py:f", "there is no module 'objective_fine.py'"),
]


@pytest.mark.parametrize(("target", "words"), TARGETS)
def test_an_objective_that_does_not_import_is_refused(
    tmp_path: Path, target: str, words: str
) -> None:
    for name, text in FILES.items():
        (tmp_path / f"{name}.py").write_text(text)
    with pytest.raises(RequestError) as refused:
        find(target, tmp_path)
    assert words in str(refused.value)


def test_ambiguous_choices_reach_the_objective_in_their_own_types() -> None:
    seen = []

    def objective(params: dict[str, Any]) -> float:
        seen.append(params["x"])
        return 0.0

    values = [1, True, 1.0, "1"]
    tune({"space": {"x": {"type": "choice", "values": values}}, "seed": 0}, objective, trials=40)
    assert {(type(v), v) for v in seen} == {(type(v), v) for v in values}


def test_errors_of_crosstune_pass_through_the_objective() -> None:
    def objective(params: dict[str, Any]) -> float:
        raise CrosstuneError("mine")

    with pytest.raises(CrosstuneError, match="mine"):
        run(objective)


def test_a_callable_object_is_an_objective() -> None:
    class Objective:
        def __call__(self, params: dict[str, Any]) -> float:
            return float(params["x"])

    called: Callable[..., float] = Objective()
    assert len(run(called).trials) == 4
