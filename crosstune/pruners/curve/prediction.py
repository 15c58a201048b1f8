"""Where a curve ends, by a Gaussian process over parameters and training time.

A curve is the sum of what all trials have in common, what trials near it have, and what it has
alone, and each of the three has a part that stays through the training and one that changes in
its course. So a trial is judged by its own reports, by where its neighbours stood and went from
there, and by how curves of this study run; the neighbours may have been stopped long before the
end. The idea is that of Swersky, Snoek and Adams, Freeze-thaw Bayesian optimization (2014).

Its scales are constants. A fit by likelihood, tried on recorded curves, judged worse: the few
trials of a study say too little of them. See `crosstune.benchmarks.research.curves`.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from statistics import NormalDist, median

import numpy as np
from numpy.typing import NDArray

from crosstune.pruners.curve.curves import Curve, Schedule
from crosstune.pruners.curve.trial_coordinates import coordinates

FLOOR = 0.1
"""Differences far below this share of the typical distance from the best value do not count."""
HOPELESS = 3.0
"""Places further off than this, on that scale, are alike; so no trial that exploded counts more."""

COMMON = 1.0
"""The variance of the course that all trials have in common, on a logarithmic scale."""
NEAR, NEAR_COURSE = 1.0, 0.5
"""The variance that near trials share: where they stand, and their course."""
OWN, OWN_COURSE = 0.05, 0.05
"""The variance that a trial has alone: where it stands, and its course."""
NOISE = 0.01
"""The variance of a report."""
LENGTH = 0.5
"""How far apart, in a range of length 1, trials are that have little to say of each other."""
TIME = 0.5
"""The same for the time of training, as `Schedule.along` has it."""

AS_COMPLETE = 2.0
"""How many complete trials it is worth that a trial ends where its best report was."""

Numbers = NDArray[np.float64]


def chance(
    trial: Curve, finished: Sequence[Curve], near: Sequence[Curve], schedule: Schedule
) -> float:
    """The chance that a trial ends below the best value of the complete ones.

    Args:
        trial: with one report or more.
        finished: all others, with one report or more each; some are complete.
        near: those of them on which the prediction rests.
        schedule: of their training.
    """
    complete = [curve for curve in finished if math.isfinite(curve.value)]
    values, stood = [curve.value for curve in complete], [curve.best[-1] for curve in complete]
    reached = [curve.best[-1] for curve in [*finished, trial]]
    lowest = min(*reached, *values)
    distances = [place - lowest for place in reached]
    typical = min(median(distances) or max(distances) or 1.0, sys.float_info.max)

    def far(places: Sequence[float]) -> Numbers:
        with np.errstate(over="ignore"):
            return np.minimum(np.log((np.array(places) - lowest) / typical + FLOOR), HOPELESS)

    mean, variance = _end([*near, trial], far, schedule)
    beyond = far(values) - far(stood)
    shift = float(beyond.sum()) / (len(beyond) + AS_COMPLETE)
    variance += float(((beyond - shift) ** 2).sum()) / (len(beyond) + AS_COMPLETE)
    return NormalDist(mean + shift, math.sqrt(variance)).cdf(float(far([min(values)])[0]))


def _end(
    curves: Sequence[Curve], far: Callable[[Sequence[float]], Numbers], schedule: Schedule
) -> tuple[float, float]:
    """Mean and variance of the best report of the last curve at the end of its training."""
    from scipy.linalg import cho_factor, cho_solve  # a library of an extra

    looks = [(i, step) for i, curve in enumerate(curves) for step in schedule.looks(curve)]
    seen = far([curves[i].at(step) for i, step in looks])
    of = np.array([*(i for i, _ in looks), len(curves) - 1])
    times = np.array([*(schedule.along(step) for _, step in looks), 1.0])
    covariance = _covariance(coordinates([curve.place for curve in curves]), of, times)
    noisy = covariance[:-1, :-1] + NOISE * np.eye(len(seen))
    towards = covariance[:-1, -1]
    level = seen.mean()
    weights = cho_solve(cho_factor(noisy, lower=True), np.stack([seen - level, towards], axis=1))
    mean, explained = towards @ weights
    return float(level + mean), float(covariance[-1, -1] - explained) + NOISE / 2


def _covariance(places: Numbers, of: NDArray[np.intp], times: Numbers) -> Numbers:
    """(m, m) of m looks.

    Args:
        places: (n, d) of the curves.
        of: (m,) the curve of each look.
        times: (m,) in [0, 1].
    """
    squares = ((places[:, None] - places) ** 2).sum(axis=2)
    scaled = np.sqrt(5 * squares) / LENGTH
    near = (1 + scaled + scaled**2 / 3) * np.exp(-scaled)  # Matern, 5/2
    own = np.eye(len(places))
    standing = NEAR * near + OWN * own
    changing = COMMON + NEAR_COURSE * near + OWN_COURSE * own
    moments, at = np.unique(times, return_inverse=True)
    course = np.exp(-0.5 * ((moments[:, None] - moments) / TIME) ** 2)
    pairs, instants = np.ix_(of, of), np.ix_(at, at)
    covariance: Numbers = standing[pairs] + changing[pairs] * course[instants]
    return covariance
