"""An objective of Optuna's."""

from __future__ import annotations

import optuna

from tests.journeys.dialects.training import accuracies


def objective(trial: optuna.Trial) -> float:
    schedule = trial.suggest_categorical("schedule", ["optimal", "constant"])
    eta0 = None
    if schedule == "constant":
        eta0 = trial.suggest_categorical("eta0", [0.0, 0.01, 1.0])
    alpha = trial.suggest_float("alpha", 1e-4, 10, log=True)
    accuracy = 0.0
    for epoch, accuracy in enumerate(accuracies(schedule, eta0, alpha)):
        trial.report(accuracy, epoch)
        if trial.should_prune():
            raise optuna.TrialPruned
    return accuracy
