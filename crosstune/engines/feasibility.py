"""Which trials are feasible, and which are the best, in agreement with Optuna's own.

`best_trial` agrees with `study.best_trial`, and `front` with `study.best_trials`.

A trial is feasible unless one of its constraints is above 0. In Optuna 5 an objective calls
`trial.set_constraint`; in Optuna 4 a sampler has a `constraints_func`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
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


def front(study: Study) -> list[FrozenTrial]:
    """The complete and feasible trials that no other one beats, in the order of the first metric.

    One trial beats another if it is as good in every metric and better in one.
    """
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    feasible = [trial for trial in complete if is_feasible(trial)]
    losses = losses_of(feasible, study.directions)
    on_front = [trial for trial, no in zip(feasible, beaten(losses), strict=True) if not no]
    first = {t.number: loss[0] for t, loss in zip(feasible, losses, strict=True)}
    return sorted(on_front, key=lambda trial: (first[trial.number], trial.number))


def losses_of(
    trials: Sequence[FrozenTrial], directions: Sequence[StudyDirection]
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """The values of complete trials, a row per trial, negated where more is better."""
    signs = [-1.0 if one == StudyDirection.MAXIMIZE else 1.0 for one in directions]
    return np.array([trial.values for trial in trials], float).reshape(-1, len(signs)) * signs


def beaten(
    losses: np.ndarray[tuple[int, int], np.dtype[np.float64]],
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Of each row, whether another one is as low everywhere and lower somewhere.

    >>> beaten(np.array([[1.0, 2.0], [2.0, 1.0], [2.0, 2.0]])).tolist()
    [False, False, True]
    """
    return np.array(
        [((losses <= row).all(axis=1) & (losses < row).any(axis=1)).any() for row in losses], bool
    )


def total_violations(constraints: Sequence[Mapping[str, float]]) -> list[float]:
    """How far points are from feasible, 0 for a feasible one and 1 at most.

    Each constraint is measured in the largest violation of it among the points, and the total is
    the mean over the constraints.

    Args:
        constraints: of each point, values by key; feasible at 0 or below.

    >>> total_violations([{"a": -1.0}, {"a": 2.0}, {"a": 4.0}])
    [0.0, 0.5, 1.0]
    """
    largest: dict[str, float] = {}
    for values in constraints:
        for key, value in values.items():
            largest[key] = max(largest.get(key, 0.0), value if value < np.inf else 0.0)
    return [
        sum(
            0.0 if value <= 0 else value / largest[key] if value < np.inf else 1.0
            for key, value in values.items()
        )
        / max(len(largest), 1)
        for values in constraints
    ]


def least_violated(study: Study) -> FrozenTrial | None:
    """The complete trial that comes nearest to feasible; None if one is, or none is complete."""
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    if not complete or any(map(is_feasible, complete)):
        return None
    totals = total_violations([_optuna.constraints(trial) for trial in complete])
    return min(zip(totals, complete, strict=True), key=lambda pair: (pair[0], pair[1].number))[1]


def violated(trial: FrozenTrial) -> str:
    """The violated constraints of a trial in words, such as ``memory_mb <= 512 by 88``."""
    beyond = {key: value for key, value in _optuna.constraints(trial).items() if value > 0}
    return ", ".join(f"{key} by {value:.6g}" for key, value in beyond.items())


def why_no_best(study: Study) -> str:
    """Why `best_trial` is None."""
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    if not complete:
        return "no trial has a value"
    trials = "the only complete trial violates"
    if len(complete) > 1:
        trials = f"all {len(complete)} complete trials violate"
    return f"no trial is feasible: {trials} a constraint"
