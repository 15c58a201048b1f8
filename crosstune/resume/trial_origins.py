"""How a trial came into its study: asked for, queued, added when it was over, or run again."""

from __future__ import annotations

from typing import Any

from optuna.trial import FrozenTrial

from crosstune.checkpoints.record import reached
from crosstune.engines.record_names import RETRIED, RETRIED_FROM

FIXED = "fixed_params"
"""Under this key Optuna keeps the values of a queued trial, among its system attributes."""


def is_queued(trial: FrozenTrial) -> bool:
    """True if a trial was queued before it was run."""
    return FIXED in trial.system_attrs


def was_added(trial: FrozenTrial) -> bool:
    """True if a trial was added to the study when it was over, so no sampler was asked for it.

    Optuna gives such a trial the same start and end time. A database that stores whole seconds may
    do so for any trial, so times without microseconds do not count.
    """
    return (
        trial.datetime_complete is not None
        and trial.datetime_start == trial.datetime_complete
        and trial.datetime_complete.microsecond != 0
    )


def retrying(trial: FrozenTrial) -> dict[str, Any]:
    """The user attributes of a trial that begins to run again."""
    step = reached(trial)
    return {RETRIED: True} | ({RETRIED_FROM: step} if step >= 0 else {})


def was_stuck(trial: FrozenTrial) -> bool:
    """True if a trial ran again and its checkpoint did not advance in that attempt."""
    if not trial.user_attrs.get(RETRIED):
        return False
    return reached(trial) <= int(trial.user_attrs.get(RETRIED_FROM, -1))
