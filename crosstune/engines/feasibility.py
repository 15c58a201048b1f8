"""Which trials are feasible, and which of them is the best, in agreement with `study.best_trial`.

A trial is feasible unless one of its constraints is above 0. In Optuna 5 an objective calls
`trial.set_constraint`; in Optuna 4 a sampler has a `constraints_func`.
"""

from __future__ import annotations

from collections.abc import Iterable

from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from crosstune import _optuna


def satisfied(constraints: Iterable[float]) -> bool:
    """True unless a constraint value is above 0.

    >>> satisfied([-1.0, 0.0]), satisfied([]), satisfied([-1.0, 0.5])
    (True, True, False)
    """
    return not any(value > 0 for value in constraints)


def is_feasible(trial: FrozenTrial) -> bool:
    """True unless a constraint of the trial is above 0; a trial without constraints is feasible."""
    return satisfied(_optuna.constraints(trial).values())


def best_trial(study: Study) -> FrozenTrial | None:
    """The best trial that is complete and feasible; None if there is none.

    Raises:
        RuntimeError: the study has several objectives.
    """
    try:
        return study.best_trial
    except ValueError:
        return None


def ranked(study: Study) -> list[FrozenTrial]:
    """The complete and feasible trials, the best one first; of equals the earlier one first."""
    best = best_trial(study)
    if best is None:
        return []
    sign = -1.0 if study.direction == StudyDirection.MAXIMIZE else 1.0
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    return sorted(
        filter(is_feasible, complete),
        key=lambda trial: (trial.number != best.number, sign * trial.values[0], trial.number),
    )


def why_no_best(study: Study) -> str:
    """Why `best_trial` is None."""
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    if not complete:
        return "no trial has a value"
    trials = "the only complete trial violates"
    if len(complete) > 1:
        trials = f"all {len(complete)} complete trials violate"
    return f"no trial is feasible: {trials} a constraint"
