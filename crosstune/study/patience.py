"""The rule of patience: a study ends when so many trials in a row have improved nothing.

It depends on the stored trials alone, in the order of their numbers. So a run that was killed and
resumed ends at the trial at which it would have ended, and so do several workers in order.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from crosstune.engines.budget import SearchBudget
from crosstune.engines.feasibility import is_feasible

_logger = logging.getLogger("crosstune")


def out_of_patience(
    study: Study, budget: SearchBudget, counting: Iterable[FrozenTrial] | None = None
) -> bool:
    """True if the patience of a budget has ended the study.

    Args:
        study: with one objective.
        budget: of the study.
        counting: the trials that count for the budget; None for all.
    """
    if budget.patience is None:
        return False
    trials = study.get_trials(deepcopy=False) if counting is None else counting
    maximize = study.direction == StudyDirection.MAXIMIZE
    return longest_wait(trials, maximize=maximize) >= budget.patience


def longest_wait(trials: Iterable[FrozenTrial], *, maximize: bool) -> int:
    """The most finished trials in a row that improved on none of the earlier ones.

    A pruned, failed or infeasible trial improves nothing. Before the first trial with a feasible
    value nothing is counted.

    Args:
        trials: in any order; those that are not finished are left out.
        maximize: whether larger values are better.

    >>> import optuna
    >>> values = [3.0, 2.0, 2.0, 5.0, 1.0, 4.0]
    >>> trials = [optuna.trial.create_trial(value=value) for value in values]
    >>> longest_wait(trials, maximize=False)
    2
    """
    best, wait, longest = None, 0, 0
    for trial in sorted(trials, key=lambda trial: trial.number):
        if not trial.state.is_finished():
            continue
        value = None
        if trial.state == TrialState.COMPLETE and is_feasible(trial):
            value = -trial.values[0] if maximize else trial.values[0]
        if value is not None and (best is None or value < best):
            best, wait = value, 0
        elif best is not None:
            wait += 1
            longest = max(longest, wait)
    return longest


def log_end(study: Study, budget: SearchBudget) -> None:
    """Log that the patience of a budget has ended a study."""
    done = sum(trial.state.is_finished() for trial in study.get_trials(deepcopy=False))
    _logger.warning(
        "%d trials in a row have improved nothing, so the study ends after %d trials",
        budget.patience,
        done,
    )
