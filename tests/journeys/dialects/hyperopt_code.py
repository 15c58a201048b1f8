"""A space and a function of Hyperopt's; `trial`, which `fmin` does not pass, makes it prunable."""

from __future__ import annotations

import math
from typing import Any

import optuna
from hyperopt import STATUS_OK, hp

from tests.journeys.dialects.training import accuracies

space = {
    "schedule": hp.choice(
        "schedule",
        [
            {"name": "optimal"},
            {"name": "constant", "eta0": hp.choice("eta0", [0.0, 0.01, 1.0])},
        ],
    ),
    "alpha": hp.loguniform("alpha", math.log(1e-4), math.log(10)),
}


def fn(params: dict[str, Any], trial: optuna.Trial | None = None) -> dict[str, Any]:
    schedule = params["schedule"]
    loss = 1.0
    for epoch, accuracy in enumerate(
        accuracies(schedule["name"], schedule.get("eta0"), params["alpha"])
    ):
        loss = 1 - accuracy
        if trial is not None:
            trial.report(loss, epoch)
            if trial.should_prune():
                raise optuna.TrialPruned
    return {"loss": loss, "status": STATUS_OK}
