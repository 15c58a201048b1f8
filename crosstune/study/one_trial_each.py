"""The configurations of a scheduled study as one trial each, for tables and curves."""

from __future__ import annotations

import copy
from collections.abc import Iterable

from optuna.trial import FrozenTrial, TrialState

from crosstune.engines.record_names import CHECKPOINTS, PAUSED, TRIAL_BUDGET
from crosstune.samplers.scheduled.configurations import (
    FAILED,
    FINISHED,
    RUNNING,
    Configuration,
    configurations,
)

EPOCHS, PARTS = "epochs", "trials"
"""Attributes of a merged trial: up to which epoch it is trained, and the numbers of its parts."""
_OF_A_PART = (TRIAL_BUDGET, PAUSED, CHECKPOINTS)


def one_trial_each(
    trials: Iterable[FrozenTrial], *, maximize: bool, max_epochs: int
) -> list[FrozenTrial]:
    """One trial for each configuration, under the number of its first part.

    It has the reports of all parts by epoch, from 1 on, and begins and ends with them. It is
    complete if it was trained to the end, and pruned if it is paused or was stopped.

    Args:
        trials: of the study.
        maximize: whether higher values are better.
        max_epochs: of a whole training.
    """
    sign = -1.0 if maximize else 1.0
    begun = configurations(trials, maximize=maximize, max_epochs=max_epochs)
    return [_merged(configuration, sign) for configuration in begun]


def _merged(configuration: Configuration, sign: float) -> FrozenTrial:
    first, last = configuration.parts[0], configuration.parts[-1]
    trial = copy.copy(last)
    trial.number = first.number
    trial.datetime_start = first.datetime_start
    states = {
        FINISHED: TrialState.COMPLETE,
        FAILED: TrialState.FAIL,
        RUNNING: TrialState.RUNNING,
    }
    trial.state = states.get(configuration.state, TrialState.PRUNED)
    trial.intermediate_values = {
        epoch: sign * value for epoch, value in configuration.curve.items()
    }
    further = {name: value for name, value in last.user_attrs.items() if name not in _OF_A_PART}
    trial.user_attrs = {
        **further,
        EPOCHS: configuration.epochs,
        PARTS: [part.number for part in configuration.parts],
    }
    return trial
