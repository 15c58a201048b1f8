"""OptunaHub's problems run here and ours there, with the same values on both sides."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.study import StudyDirection
from optunahub.benchmarks import BaseProblem, ConstrainedMixin

from crosstune import Choice, Float, Int, Spec, check, tune
from crosstune.benchmarks.problems import Problem, get
from crosstune.benchmarks.problems.optunahub import HubProblem, from_optunahub, to_optunahub
from crosstune.errors import SpecError, Unsupported
from tests.support.slow import slow_but_first

MINIMIZE, MAXIMIZE = StudyDirection.MINIMIZE, StudyDirection.MAXIMIZE


class Bowl(BaseProblem):
    """As somebody would write it for the hub, with a distribution of each kind."""

    space: dict[str, BaseDistribution] = {
        "x": FloatDistribution(-2.0, 3.0),
        "lr": FloatDistribution(1e-4, 1.0, log=True),
        "share": FloatDistribution(0.0, 1.0, step=0.25),
        "n": IntDistribution(1, 9, step=2),
        "width": IntDistribution(1, 64, log=True),
        "kind": CategoricalDistribution(["a", "b", None, 3]),
        "fixed": FloatDistribution(0.5, 0.5),
    }

    def __init__(self, directions: list[StudyDirection] | None = None):
        self._directions = directions or [MAXIMIZE]

    @property
    def search_space(self) -> dict[str, BaseDistribution]:
        return self.space

    @property
    def directions(self) -> list[StudyDirection]:
        return self._directions

    def evaluate(self, params: dict[str, Any]) -> float:
        bonus = {"a": 0.0, "b": 1.0, None: 2.0, 3: 3.0}[params["kind"]]
        return float(bonus - params["x"] ** 2 - params["share"] + params["n"] * params["lr"])


class Limited(Bowl):
    def evaluate_constraints(self, params: dict[str, Any]) -> dict[str, float]:
        return {"sum": params["x"] - 1}


class Mixed(ConstrainedMixin, Bowl):
    def evaluate_constraints(self, params: dict[str, Any]) -> dict[str, float]:
        return {"sum": params["x"] - 1}


class Changing(Bowl):
    def __call__(self, trial: optuna.Trial) -> float:
        return trial.suggest_float("x", 0, 1)


class Spaceless(BaseProblem):
    directions = [MINIMIZE]


class Odd(Bowl):
    @property
    def search_space(self) -> dict[str, BaseDistribution]:
        return {"pair": CategoricalDistribution([(1, 2), (3, 4)])}  # type: ignore[list-item]


def test_a_problem_of_the_hub_has_the_same_space_and_direction_here() -> None:
    problem = from_optunahub(Bowl(), "bowl", optimum=9.0)
    assert dict(problem.space) == {
        "x": Float(-2.0, 3.0),
        "lr": Float(1e-4, 1.0, log=True),
        "share": Float(0.0, 1.0, step=0.25),
        "n": Int(1, 9, step=2),
        "width": Int(1, 64, log=True),
        "kind": Choice(["a", "b", None, 3]),
        "fixed": Float(0.5, 0.5),
    }
    assert (problem.name, problem.spec.name) == ("bowl", "bowl")
    assert problem.maximize
    assert problem.optimum == 9.0
    assert not from_optunahub(Bowl([MINIMIZE]), "bowl").maximize
    assert check(problem.space).holds(strict=True)


@pytest.mark.parametrize("engine", slow_but_first(["optuna", "hyperopt", "keras_tuner"]))
def test_a_problem_of_the_hub_is_tuned_on_each_engine(engine: str) -> None:
    problem = from_optunahub(Bowl(), "bowl")
    study = tune(
        problem.spec, problem.objective, backend=engine, sampler="random", trials=6, seed=1
    )
    assert study.direction == MAXIMIZE
    for trial in study.trials:
        assert trial.value == Bowl().evaluate(trial.params)


def test_a_problem_of_the_hub_pickles() -> None:
    problem = pickle.loads(pickle.dumps(from_optunahub(Bowl(), "bowl")))
    params = problem.space.sample(np.random.default_rng(1))
    assert problem.objective(params) == Bowl().evaluate(params)


def test_a_problem_of_the_hub_goes_back_with_the_same_distributions_and_values() -> None:
    back = to_optunahub(from_optunahub(Bowl(), "bowl"))
    assert isinstance(back, BaseProblem)
    assert back.search_space == Bowl().search_space
    assert back.directions == Bowl().directions
    first, second = (
        optuna.create_study(directions=hub.directions, sampler=optuna.samplers.RandomSampler(7))
        for hub in (Bowl(), back)
    )
    first.optimize(Bowl(), n_trials=10)
    second.optimize(back, n_trials=10)
    assert [(t.params, t.value) for t in first.trials] == [
        (t.params, t.value) for t in second.trials
    ]


@pytest.mark.parametrize(
    "name", ["tables/vehicle", "functions/mixint-f8-d5", "training/digits-pipeline"]
)
def test_a_problem_of_ours_is_optimised_as_one_of_the_hub(name: str) -> None:
    problem = get(name)
    hub = to_optunahub(problem)
    assert isinstance(hub, BaseProblem)
    assert list(hub.search_space) == list(problem.space)
    assert hub.directions == [MAXIMIZE if problem.maximize else MINIMIZE]
    study = optuna.create_study(
        directions=hub.directions, sampler=optuna.samplers.RandomSampler(seed=2)
    )
    study.optimize(hub, n_trials=6)
    for trial in study.trials:
        problem.space.check_point(trial.params, complete=True)
        assert list(trial.params) == [n for n in problem.space if n in trial.params]
        assert trial.value == hub.evaluate(trial.params)
        assert trial.user_attrs.keys() == _further(problem)


def _further(problem: Problem) -> set[str]:
    if problem.name.startswith("training/"):
        return {f"test_{problem.metric}"}
    return {problem.duration} if problem.duration else set()


def test_a_problem_of_ours_comes_back_as_it_was() -> None:
    problem = get("training/cancer-svm")
    back = from_optunahub(to_optunahub(problem), "svm")
    assert (back.name, back.spec.name) == ("svm", "svm")
    assert back.space == problem.space
    assert back.objective is problem.objective
    assert back.metric == problem.metric
    assert from_optunahub(to_optunahub(get("tables/kc1")), "kc1").optimum == (
        get("tables/kc1").optimum
    )


def test_evaluate_passes_over_inactive_parameters() -> None:
    hub = to_optunahub(get("training/cancer-svm"))
    point = {"C": 1.0, "kernel": "linear"}
    every = {**point, "gamma": 0.1, "degree": 3, "coef0": 0.0}
    assert hub.evaluate(every) == hub.evaluate(point)
    assert hub.evaluate({**every, "kernel": "rbf"}) != hub.evaluate(point)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"C": 1e9}, "not in the range"),
        ({"kernel": "rbf"}, "'gamma' is missing"),
        ({"gama": 1.0}, "no parameter 'gama'.*Did you mean 'gamma'"),
    ],
)
def test_evaluate_refuses_what_is_no_point(change: Mapping[str, Any], told: str) -> None:
    hub = to_optunahub(get("training/cancer-svm"))
    with pytest.raises(SpecError, match=told):
        hub.evaluate({"C": 1.0, "kernel": "linear", **change})


def test_evaluate_of_a_noisy_problem_has_one_seed() -> None:
    problem = get("training/cancer-resampled")
    params = problem.space.sample(np.random.default_rng(3))
    hub = to_optunahub(problem)
    assert hub.evaluate(params) == hub.evaluate(params)


def test_choices_that_python_takes_for_equal_arrive_as_they_are() -> None:
    spec = Spec(space={"p": Choice([1, True, 1.0])})
    hub = to_optunahub(Problem("types", spec, name_of_type))
    found = {hub.evaluate({"p": held}) for held in hub.search_space["p"].choices}  # type: ignore[attr-defined]
    assert found == {3.0, 4.0, 5.0}


def name_of_type(params: Mapping[str, Any]) -> float:
    return float(len(type(params["p"]).__name__))


def test_curves_are_reported_and_pruned_in_a_study_of_the_hub() -> None:
    hub = to_optunahub(get("training/cancer-network"))
    study = optuna.create_study(
        sampler=optuna.samplers.RandomSampler(seed=1),
        pruner=optuna.pruners.ThresholdPruner(upper=1e-9, n_warmup_steps=2),
    )
    study.optimize(hub, n_trials=1)
    assert study.trials[0].state == optuna.trial.TrialState.PRUNED
    assert list(study.trials[0].intermediate_values) == [1, 2]


def test_what_the_objective_raises_is_raised_there() -> None:
    hub = to_optunahub(get("training/cancer-fragile"))
    study = optuna.create_study()
    study.enqueue_trial({"features": 2, "components": 5, "whiten": True, "C": 1.0})
    study.optimize(hub, n_trials=1, catch=(ValueError,))
    assert study.trials[0].state == optuna.trial.TrialState.FAIL


def test_a_problem_of_ours_pickles_as_one_of_the_hub() -> None:
    hub = pickle.loads(pickle.dumps(to_optunahub(get("tables/vehicle"))))
    assert isinstance(hub, HubProblem)
    params = hub.problem.space.sample(np.random.default_rng(1))
    assert hub.evaluate(params) == to_optunahub(get("tables/vehicle")).evaluate(params)


@pytest.mark.filterwarnings("ignore:Choices for a categorical distribution")
@pytest.mark.parametrize(
    ("hub", "told"),
    [
        (Bowl([MINIMIZE, MAXIMIZE]), "has 2 objectives"),
        (Limited(), "has constraints"),
        (Mixed(), "has constraints"),
        (Changing(), "__call__ of its own"),
        (Spaceless(), "has no search_space"),
        (Odd(), "cannot be searched here: 'pair'"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseProblem) else None,
)
def test_what_no_match_can_hold_is_refused_with_the_reason(hub: Any, told: str) -> None:
    with pytest.raises(Unsupported, match=told):
        from_optunahub(hub, "odd")


def test_a_missing_optunahub_is_named_with_what_installs_it() -> None:
    code = """
import sys
sys.modules["optunahub"] = None
from crosstune.errors import MissingLibrary
try:
    import crosstune.benchmarks.problems.optunahub
except MissingLibrary as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install optunahub" in done.stdout
