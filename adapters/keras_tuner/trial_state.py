"""Names for the data that a trial of a Keras Tuner project and its study exchange."""

from __future__ import annotations

from typing import Any

from optuna.trial import TrialState

TRIAL_ID = "keras_tuner:trial_id"
"""The trial attribute with the trial's name in the project folder."""

OTHER_VALUES = "keras_tuner:other_values"
"""The trial attribute with values that are not searched: under `tune_new_entries=False`, or outside
the range of their hyperparameter."""

PRUNED = "STOPPED"
"""The status of a pruned trial in Keras Tuner: it has not failed, and is not among the best."""

REPORTED = "crosstune:reported"
"""The metric of a Keras Tuner trial that stores its reports in the project folder."""

STATES = {
    "COMPLETED": TrialState.COMPLETE,
    PRUNED: TrialState.PRUNED,
    "FAILED": TrialState.FAIL,
}
"""The final states, by Keras Tuner's name."""


def reports_of(trial: Any) -> dict[int, float]:
    """The reports of one of Keras Tuner's trials by step."""
    if not trial.metrics.exists(REPORTED):
        return {}
    history = trial.metrics.get_history(REPORTED)
    return {int(observation.step): float(observation.mean()) for observation in history}
