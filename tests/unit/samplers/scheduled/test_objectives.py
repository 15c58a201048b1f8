"""Objectives that report as they like, or not at all, and trainings whose checkpoint is gone."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest

import crosstune
from crosstune import Float, checkpoints
from crosstune.engines.record_names import PAUSED
from crosstune.errors import ObjectiveError
from crosstune.samplers.scheduled.configurations import (
    FAILED,
    FINISHED,
    Configuration,
    configurations,
)
from crosstune.study.configurations import configurations_of
from crosstune.study.trials import epochs_trained

Train = Callable[[dict[str, Any], optuna.Trial], float]
MOST = 20
SPEC = {"space": {"x": Float(0.0, 1.0)}, "seed": 0, "trials": 6}


def value(x: float, epoch: int) -> float:
    return (x - 0.3) ** 2 + 1 / (epoch + 1)


def tune(train: Train, scheduler: str = "i-epoch", **more: Any) -> list[Configuration]:
    options = {"first": 4} if scheduler == "i-epoch" else {}
    study = crosstune.tune(
        SPEC, train, scheduler={"name": scheduler, "max_epochs": MOST, **options}, **more
    )
    begun = configurations_of(study)
    assert begun is not None
    return begun


def epochs(trial: optuna.Trial) -> int:
    planned = crosstune.budget(trial)
    assert planned is not None
    return planned.epochs


def test_an_objective_that_never_reports_is_judged_by_its_value() -> None:
    def train(params: dict[str, Any], trial: optuna.Trial) -> float:
        return value(params["x"], epochs(trial))

    begun = tune(train)
    assert len(begun) == 6
    assert sum(c.state == FINISHED for c in begun) == 3
    for configuration in begun:
        assert configuration.at(4) == value(configuration.params["x"], 4)


def test_an_objective_that_reports_once_is_judged_by_its_value() -> None:
    def train(params: dict[str, Any], trial: optuna.Trial) -> float:
        trial.report(value(params["x"], 1), 0)
        return value(params["x"], epochs(trial))

    begun = tune(train)
    assert all(c.curve[1] == value(c.params["x"], 1) for c in begun)
    assert all(c.at(4) == value(c.params["x"], 4) for c in begun)


@pytest.mark.parametrize("begin", [0, 1])
def test_epochs_may_be_counted_from_0_or_1(begin: int) -> None:
    def train(params: dict[str, Any], trial: optuna.Trial) -> float:
        for epoch in range(MOST):
            trial.report(value(params["x"], epoch), epoch + begin)
            if trial.should_prune():
                raise optuna.TrialPruned
        return value(params["x"], MOST - 1)

    for configuration in tune(train):
        ends = list(configuration.curve)[-1]
        assert ends == (MOST if configuration.state == FINISHED else 4)
        assert configuration.at(4) == value(configuration.params["x"], 3)


def test_steps_in_another_unit_count_as_one_epoch_each() -> None:
    def train(params: dict[str, Any], trial: optuna.Trial) -> float:
        for epoch in range(MOST):
            trial.report(value(params["x"], epoch), 100 * (epoch + 1))
            if trial.should_prune():
                raise optuna.TrialPruned
        return value(params["x"], MOST - 1)

    begun = tune(train)
    assert {len(c.curve) for c in begun} == {4, MOST}


def test_an_objective_that_trains_on_is_complete_when_it_reaches_the_end() -> None:
    def train(params: dict[str, Any], trial: optuna.Trial) -> float:
        for epoch in range(MOST):
            trial.report(value(params["x"], epoch), epoch)
        return value(params["x"], MOST - 1)

    begun = tune(train)
    assert all(c.state == FINISHED and len(c.parts) == 1 for c in begun)


def test_an_objective_that_trains_beyond_its_budget_continues_from_there() -> None:
    def train(params: dict[str, Any], trial: optuna.Trial) -> float:
        last = min(epochs(trial) + 3, MOST)
        for epoch in range(last):
            trial.report(value(params["x"], epoch), epoch)
        return value(params["x"], last - 1)

    begun = tune(train)
    assert {c.epochs for c in begun} == {7, MOST}
    second = next(c.parts[1] for c in begun if len(c.parts) == 2)
    planned = crosstune.budget(second)
    assert planned is not None
    assert planned.initial_epoch == 7


@pytest.mark.parametrize("scheduler", ["freeze-thaw", "i-epoch", "successive-halving", "hyperband"])
def test_nan_in_the_middle_is_ignored_and_at_the_end_stops(scheduler: str) -> None:
    def train(params: dict[str, Any], trial: optuna.Trial) -> float:
        for epoch in range(epochs(trial)):
            trial.report(math.nan if epoch == 1 else value(params["x"], epoch), epoch)
        return math.nan if params["x"] > 0.7 else value(params["x"], epochs(trial) - 1)

    begun = tune(train, scheduler)
    assert any(c.state == FINISHED for c in begun)
    for configuration in begun:
        assert configuration.curve.get(2) in (None, value(configuration.params["x"], 1))
        assert (configuration.state == FAILED) == (configuration.params["x"] > 0.7)


@pytest.mark.parametrize("scheduler", ["freeze-thaw", "i-epoch", "successive-halving", "hyperband"])
def test_curves_that_rise_at_the_end_do_no_harm(scheduler: str) -> None:
    def train(params: dict[str, Any], trial: optuna.Trial) -> float:
        rising = 0.0
        for epoch in range(epochs(trial)):
            rising = (params["x"] - 0.3) ** 2 + abs(epoch - 8) / 10
            trial.report(rising, epoch)
        return rising

    begun = tune(train, scheduler)
    finished = [c for c in begun if c.state == FINISHED]
    assert finished
    assert all(c.value == c.curve[MOST] for c in finished)


def test_a_trial_that_its_objective_gives_up_is_not_continued() -> None:
    def train(params: dict[str, Any], trial: optuna.Trial) -> float:
        trial.report(0.0, 0)  # the best of all
        raise optuna.TrialPruned

    begun = tune(train)
    assert [c.state for c in begun] == ["stopped"] * 6


def test_a_trial_that_fails_is_not_continued() -> None:
    def train(params: dict[str, Any], trial: optuna.Trial) -> float:
        if params["x"] > 0.7:
            raise ValueError("no")
        return value(params["x"], epochs(trial))

    begun = tune(train)
    assert {c.state for c in begun if c.params["x"] > 0.7} == {FAILED}


def keeping(params: dict[str, Any], trial: optuna.Trial) -> float:
    planned = crosstune.budget(trial)
    assert planned is not None
    found_at = checkpoints.find(trial)
    for epoch in range(found_at.step if found_at else 0, planned.epochs):
        checkpoints.save(trial, b"weights", step=epoch + 1)
        trial.report(value(params["x"], epoch), epoch)
    return value(params["x"], planned.epochs - 1)


def test_a_training_continues_from_its_checkpoint() -> None:
    study = crosstune.tune(SPEC, keeping, scheduler="freeze-thaw:20")
    begun = configurations_of(study)
    assert begun is not None
    assert epochs_trained(study) == sum(c.epochs for c in begun) == sum(c.spent for c in begun)


def test_a_checkpoint_that_is_gone_is_trained_again_and_counted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def train(params: dict[str, Any], trial: optuna.Trial) -> float:
        result = keeping(params, trial)
        checkpoints.remove(trial)
        return result

    with caplog.at_level(logging.WARNING, "crosstune"):
        study = crosstune.tune(SPEC, train, scheduler={"name": "i-epoch", "max_epochs": 20})
    assert "continues from the beginning" in caplog.text
    assert epochs_trained(study) == 6 * 4 + 3 * 20


def test_checkpoints_are_removed_when_nothing_continues_from_them(tmp_path: Path) -> None:
    def files() -> int:
        return len(list((tmp_path / "s.checkpoints").iterdir()))

    seen = []
    crosstune.tune(
        SPEC,
        keeping,
        scheduler={"name": "i-epoch", "max_epochs": 20},
        storage=str(tmp_path / "s.journal"),
        callbacks=[lambda *_: seen.append(files())],
    )
    assert max(seen) <= 7  # six configurations, and the newest of one before it is tidied
    assert files() == 3  # those of the finished ones


def test_the_number_of_stored_checkpoints_has_a_limit(tmp_path: Path) -> None:
    scheduler = {"name": "i-epoch", "max_epochs": 20, "checkpoints": 2}
    crosstune.tune(
        {**SPEC, "trials": 9},
        keeping,
        scheduler=scheduler,
        storage=str(tmp_path / "s.journal"),
        callbacks=[lambda *_: most.append(len(list((tmp_path / "s.checkpoints").iterdir())))],
    )
    assert max(most[:9]) <= 3


most: list[int] = []


def test_a_loop_of_ones_own_pauses_by_should_prune() -> None:
    def train(trial: optuna.Trial) -> float:
        x = trial.suggest_float("x", 0, 1)
        for epoch in range(MOST):
            trial.report(value(x, epoch), epoch)
            if trial.should_prune():
                raise optuna.TrialPruned
        return value(x, MOST - 1)

    study = crosstune.create_study(SPEC, scheduler="i-epoch:20")
    study.optimize(train, n_trials=50)
    begun = configurations(study.trials, maximize=False, max_epochs=MOST)
    assert [c.state for c in begun].count(FINISHED) == 3
    assert len(study.trials) < 50


def test_a_value_that_comes_too_early_is_an_error_in_a_loop_of_ones_own() -> None:
    study = crosstune.create_study(SPEC, scheduler="i-epoch:20")
    with pytest.raises(ObjectiveError, match="should_prune"):
        study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)


def test_the_value_of_a_paused_trial_is_kept() -> None:
    begun = tune(lambda params, trial: value(params["x"], epochs(trial)))
    paused = next(c for c in begun if c.state != FINISHED)
    assert paused.parts[0].user_attrs[PAUSED] == value(paused.params["x"], 4)
