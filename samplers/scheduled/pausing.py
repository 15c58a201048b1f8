"""The end of a part of a training."""

from __future__ import annotations

import optuna
from optuna.trial import FrozenTrial, Trial

from crosstune import _optuna
from crosstune.engines.base import Budget
from crosstune.engines.record_names import PAUSED
from crosstune.errors import ObjectiveError
from crosstune.samplers.scheduled.configurations import budget_of
from crosstune.samplers.scheduled.epochs import epochs_of, unit_of


def reached(trial: FrozenTrial, planned: Budget) -> int:
    """The epoch of a trial's last report; 0 without reports.

    >>> import optuna
    >>> trial = optuna.trial.create_trial(value=0.0, intermediate_values={0: 0.5, 1: 0.4})
    >>> reached(trial, Budget(epochs=3))
    2
    """
    reports = trial.intermediate_values
    if not reports:
        return 0
    begin = min(reports)
    return max(epochs_of(reports, planned, unit_of(begin, planned), begin).values())


def end_part(trial: Trial, value: float) -> float:
    """The value of a trial whose objective has returned, if it is trained to the end.

    Args:
        trial: running.
        value: that the objective returned.

    Raises:
        optuna.TrialPruned: its scheduler pauses it here.
    """
    if not isinstance(trial, Trial):
        return value  # outside a study
    frozen = _optuna.frozen(trial)
    planned = budget_of(frozen)
    if planned is None or planned.final or value != value:
        return value
    if reached(frozen, planned) >= (planned.max_epochs or 0):
        return value  # it was trained further than asked for
    trial.set_user_attr(PAUSED, value)
    if not frozen.intermediate_values:
        trial.report(value, planned.epochs)
    raise optuna.TrialPruned(f"paused at epoch {planned.epochs}")


def check_end(trial: FrozenTrial) -> None:
    """Raise ObjectiveError if a trial is complete that is not trained to the end.

    `crosstune.tune` pauses it instead; in a loop of the user's own the objective has to.
    """
    planned = budget_of(trial)
    if planned is None or planned.final or reached(trial, planned) >= (planned.max_epochs or 0):
        return
    raise ObjectiveError(
        f"trial {trial.number} returned a value after {planned.epochs} of {planned.max_epochs} "
        "epochs, so it would count as complete. End such a trial with `raise optuna.TrialPruned`, "
        "if trial.should_prune() or if not crosstune.budget(trial).final; or use crosstune.tune, "
        "which does it by itself"
    )
