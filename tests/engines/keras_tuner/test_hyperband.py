"""Keras Tuner's Hyperband: rungs as trials, checkpoints, and the epochs that were trained."""

from __future__ import annotations

from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

import crosstune
from crosstune import Float, Space
from crosstune.errors import Unsupported
from crosstune.samplers import KerasTunerSampler
from crosstune.study.trials import epochs_trained

SPACE = Space({"x": Float(0.0, 1.0)})
HYPERBAND = {"name": "hyperband", "max_epochs": 9}


def run(objective: Any, **kwargs: Any) -> optuna.Study:
    return crosstune.tune(
        {"space": SPACE, "seed": 1},
        objective,
        backend="keras_tuner",
        sampler=HYPERBAND,
        **kwargs,
    )


def train(trial: optuna.Trial, x: float, first: int, last: int) -> float:
    for epoch in range(first, last):
        trial.report(x + 1 / (epoch + 1), epoch)
    return x + 1 / last


def resuming(checkpoints: dict[int, int]) -> Any:
    def objective(params: dict[str, Any], trial: optuna.Trial) -> float:
        planned = crosstune.budget(trial)
        assert planned is not None
        done = 0 if planned.resume_from is None else checkpoints[planned.resume_from]
        assert done == planned.initial_epoch
        checkpoints[trial.number] = planned.epochs
        return train(trial, params["x"], done, planned.epochs)

    return objective


def retraining(params: dict[str, Any], trial: optuna.Trial) -> float:
    planned = crosstune.budget(trial)
    assert planned is not None
    return train(trial, params["x"], 0, planned.epochs)


def test_the_oracle_sets_the_number_of_trials() -> None:
    study = run(retraining)
    assert [trial.state for trial in study.trials] == [TrialState.COMPLETE] * 23


def test_trials_is_a_cap() -> None:
    assert len(run(retraining, trials=7).trials) == 7


def test_an_objective_that_continues_trains_fewer_epochs() -> None:
    assert epochs_trained(run(resuming({}))) == 75
    assert epochs_trained(run(retraining)) == 87


def test_a_rung_has_the_parameters_of_the_trial_that_it_continues() -> None:
    study = run(retraining)
    promoted = 0
    for trial in study.trials:
        planned = crosstune.budget(trial)
        assert planned is not None
        if planned.resume_from is not None:
            promoted += 1
            assert trial.params == study.trials[planned.resume_from].params
            assert planned.resume_from < trial.number
    assert promoted == 6


def test_failed_trials_are_not_promoted() -> None:
    def objective(params: dict[str, Any], trial: optuna.Trial) -> float:
        if params["x"] < 0.15:
            raise ArithmeticError("the best are broken")
        return retraining(params, trial)

    study = run(objective)
    states = {trial.number: trial.state for trial in study.trials}
    past = [crosstune.budget(trial).resume_from for trial in study.trials]  # type: ignore[union-attr]
    assert TrialState.FAIL in states.values()
    assert {states[n] for n in past if n is not None} == {TrialState.COMPLETE}


def test_a_budget_can_be_read_before_the_first_parameter() -> None:
    sampler = KerasTunerSampler("hyperband", space=SPACE, seed=1, max_epochs=9)
    trial = optuna.create_study(sampler=sampler).ask()
    planned = crosstune.budget(trial)
    assert planned is not None
    assert (planned.epochs, planned.initial_epoch, planned.resume_from) == (1, 0, None)


def test_several_jobs_are_refused() -> None:
    study = optuna.create_study(sampler=KerasTunerSampler("hyperband", space=SPACE, seed=1))
    with pytest.raises(Unsupported, match="cannot have several jobs"):
        study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=4, n_jobs=2)


def test_a_question_too_many_is_an_error_and_no_hang() -> None:
    sampler = KerasTunerSampler("hyperband", space=SPACE, seed=1, max_epochs=1)
    study = optuna.create_study(sampler=sampler)
    study.ask().suggest_float("x", 0.0, 1.0)
    with pytest.raises(Unsupported, match="until a running trial has ended"):
        study.ask().suggest_float("x", 0.0, 1.0)


def test_a_space_is_needed() -> None:
    with pytest.raises(Unsupported, match="needs to be told the space"):
        KerasTunerSampler("hyperband")


def test_the_seed_of_a_trial_depends_on_the_run_and_its_number_alone() -> None:
    def seeds(seed: int) -> list[int]:
        found: list[int] = []

        def objective(params: dict[str, Any], trial: optuna.Trial) -> float:
            found.append(crosstune.trial_seed(trial))
            return params["x"]

        for backend in ("optuna", "keras_tuner"):
            crosstune.tune(
                {"space": SPACE, "seed": seed},
                objective,
                backend=backend,
                sampler="random",
                trials=3,
            )
        return found

    assert seeds(0)[:3] == seeds(0)[3:]
    assert seeds(0) != seeds(1)
    assert len(set(seeds(0))) == 3
