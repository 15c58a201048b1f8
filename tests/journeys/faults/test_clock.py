"""A clock that jumps back, as when a laptop wakes or NTP sets it: nothing counts on it."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import optuna
import pytest
import time_machine

import crosstune
from crosstune.callbacks import TensorBoardCallback
from tests.support.slow import slow_but_first
from tests.support.tensorboard_reader import curves, runs

SPEC: dict[str, Any] = {
    "name": "clock",
    "seed": 0,
    "space": {"x": {"type": "float", "low": 0.0, "high": 1.0}},
}
NOON = datetime.datetime(2026, 6, 1, 12, tzinfo=datetime.timezone.utc)


def objective(params: dict[str, Any], trial: optuna.Trial) -> float:
    for step in range(3):
        trial.report(params["x"] + 1 / (1 + step), step)
        if trial.should_prune():
            raise optuna.TrialPruned
    return float(params["x"])


def points(study: optuna.Study) -> list[Any]:
    return [(trial.number, trial.params, trial.state, trial.value) for trial in study.trials]


@pytest.mark.parametrize(
    "engine", slow_but_first(["optuna", "hyperopt", "keras_tuner", "crosstune"])
)
@pytest.mark.parametrize("pruner", ["median", "curve"])
def test_a_study_is_the_same(engine: str, pruner: str, tmp_path: Path) -> None:
    given: dict[str, Any] = {"backend": engine, "pruner": pruner, "trials": 9}
    plain = crosstune.tune(SPEC, objective, **given)

    with time_machine.travel(NOON) as clock:

        def jumping(params: dict[str, Any], trial: optuna.Trial) -> float:
            clock.shift(-3600.0 if trial.number % 2 else 60.0)
            return objective(params, trial)

        study = crosstune.tune(SPEC, jumping, storage=tmp_path / "s.journal", **given)
    assert points(study) == points(plain)


def test_a_budget_in_seconds_still_ends() -> None:
    with time_machine.travel(NOON) as clock:

        def jumping(params: dict[str, Any]) -> float:
            clock.shift(-3600.0)
            return float(params["x"])

        study = crosstune.tune(SPEC, jumping, trials=5, seconds=600)
    assert len(study.trials) == 5


def test_tensorboard_logs_each_trial_once(tmp_path: Path) -> None:
    with time_machine.travel(NOON) as clock:

        def jumping(params: dict[str, Any], trial: optuna.Trial) -> float:
            clock.shift(-600.0)
            return objective(params, trial)

        study = crosstune.create_study(SPEC)
        with TensorBoardCallback(tmp_path, study):
            study.optimize(lambda trial: jumping({"x": trial.suggest_float("x", 0, 1)}, trial), 5)
    logged = [reader for name, reader in runs(tmp_path).items() if "trial" in name]
    assert len(logged) == 5
    for reader in logged:
        found = curves(reader)
        assert [step for step, _ in found["reports/value"]] == [0, 1, 2]
        assert [value >= 0 for _, value in found["seconds"]] == [True]
