"""What a trial of a Keras Tuner project holds for its study."""

from __future__ import annotations

from typing import Any

from optuna.trial import TrialState

TRIAL_ID = "keras_tuner:trial_id"
"""The trial attribute that holds the trial's name in the project folder."""

OTHER_VALUES = "keras_tuner:other_values"
"""The trial attribute that holds values which are not searched: under `tune_new_entries=False`,
or outside the range that their hyperparameter states."""

PRUNED = "STOPPED"
"""What a pruned trial is called in Keras Tuner: it is not failed, and not among the best."""

REPORTED = "crosstune:reported"
"""The metric of a Keras Tuner trial that keeps its reports in the project folder."""

STATES = {
    "COMPLETED": TrialState.COMPLETE,
    PRUNED: TrialState.PRUNED,
    "FAILED": TrialState.FAIL,
}
"""The states that are final, by Keras Tuner's name."""


def reports_of(kept: Any) -> dict[int, float]:
    """What was reported of a trial, by step."""
    if not kept.metrics.exists(REPORTED):
        return {}
    history = kept.metrics.get_history(REPORTED)
    return {int(held.step): float(held.mean()) for held in history}
