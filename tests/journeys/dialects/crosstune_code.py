"""A function of the active parameters."""

from __future__ import annotations

from typing import Any

import optuna

from tests.journeys.dialects.training import accuracies


def objective(params: dict[str, Any], trial: optuna.Trial) -> float:
    accuracy = 0.0
    for epoch, accuracy in enumerate(
        accuracies(params["schedule"], params.get("eta0"), params["alpha"])
    ):
        trial.report(accuracy, epoch)
        if trial.should_prune():
            raise optuna.TrialPruned
    return accuracy
