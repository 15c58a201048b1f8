"""Names for the data that a trial of a Keras Tuner project and its study exchange."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optuna.trial import TrialState

from crosstune.engines.base import Budget

TRIAL_ID = "keras_tuner:trial_id"
"""The trial attribute with the trial's name in the project folder."""

OTHER_VALUES = "keras_tuner:other_values"
"""The trial attribute with values that are not searched: under `tune_new_entries=False`, or outside
the range of their hyperparameter."""

PRUNED = "STOPPED"
"""The status of a pruned trial in Keras Tuner: it has not failed, and is not among the best."""

REPORTED = "crosstune:reported"
"""The metric of a Keras Tuner trial that stores its reports in the project folder."""

STATES = {"COMPLETED": TrialState.COMPLETE, PRUNED: TrialState.PRUNED, "FAILED": TrialState.FAIL}
"""The final states, by Keras Tuner's name."""

RUNG = "tuner/"
"""How the names of the values begin by which Keras Tuner's Hyperband passes on a trial's budget."""


def rung_of(values: Mapping[str, Any], numbers: Mapping[str, int]) -> Budget | None:
    """The budget in the values of a trial; None if no scheduler set one.

    Args:
        values: of Keras Tuner's trial.
        numbers: of the study's trials by Keras Tuner's names.
    """
    if f"{RUNG}epochs" not in values:
        return None
    return Budget(
        epochs=values[f"{RUNG}epochs"],
        initial_epoch=values.get(f"{RUNG}initial_epoch", 0),
        resume_from=numbers.get(values.get(f"{RUNG}trial_id", "")),
        bracket=values.get(f"{RUNG}bracket", 0),
        round=values.get(f"{RUNG}round", 0),
    )


def without_rung(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a trial's own hyperparameters."""
    return {name: value for name, value in values.items() if not name.startswith(RUNG)}


def reports_of(trial: Any) -> dict[int, float]:
    """The reports of one of Keras Tuner's trials by step."""
    if not trial.metrics.exists(REPORTED):
        return {}
    history = trial.metrics.get_history(REPORTED)
    return {int(observation.step): float(observation.mean()) for observation in history}


def values_of(trial: Any, objective: Any) -> list[float]:
    """The values of one of Keras Tuner's trials in its study, at its best step.

    Args:
        trial: a completed one.
        objective: Keras Tuner's. Several objectives have a value each.
    """
    parts = getattr(objective, "objectives", None)
    if parts is None:
        return [float(trial.score)]
    return [
        next(
            float(observation.mean())
            for observation in trial.metrics.get_history(part.name)
            if observation.step == trial.best_step
        )
        for part in parts
    ]
