"""The end of a learning curve, predicted by a Gaussian process over parameters and training time.

A curve is the sum of a component common to all trials, one shared by near trials, and one of its
own. Each of the three has a constant part and one that changes during the training. So the
prediction uses the trial's own reports, the level and course of its neighbours, which may have been
stopped early, and the general course of the study's curves. The idea is from Swersky, Snoek and
Adams, Freeze-thaw Bayesian optimization (2014).

The scales are constants. Fitting them by likelihood predicted recorded curves worse, since the few
trials of a study contain too little information. See `crosstune.benchmarks.research.curves`.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from statistics import NormalDist, median

import numpy as np
from numpy.typing import NDArray

from crosstune.samplers.curve_model.curves import LearningCurve, Schedule
from crosstune.samplers.curve_model.trial_coordinates import coordinates

FLOOR = 0.1
"""Differences far below this share of the typical distance from the best value are ignored."""
HOPELESS = 3.0
"""Upper limit on that log scale, so that a trial that exploded has no more weight than others."""

COMMON = 1.0
"""Variance of the course that all trials have in common, on a logarithmic scale."""
NEAR, NEAR_COURSE = 1.0, 0.5
"""Variances that near trials share: of their level, and of their course."""
OWN, OWN_COURSE = 0.05, 0.05
"""Variances of a trial alone: of its level, and of its course."""
NOISE = 0.01
"""Variance of a report."""
LENGTH = 0.5
"""Length scale of the parameters, for ranges of length 1."""
TIME = 0.5
"""Length scale of the training time, in units of `Schedule.along`."""

AS_COMPLETE = 2.0
"""Weight, in complete trials, of the assumption that a trial ends at its best report."""

Numbers = NDArray[np.float64]


def chance(
    trial: LearningCurve,
    finished: Sequence[LearningCurve],
    near: Sequence[LearningCurve],
    schedule: Schedule,
) -> float:
    """The chance that a trial ends below the best value of the complete ones.

    Args:
        trial: has one report or more.
        finished: all other trials, with one report or more each; some are complete.
        near: the finished trials that the prediction uses.
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
    curves: Sequence[LearningCurve], far: Callable[[Sequence[float]], Numbers], schedule: Schedule
) -> tuple[float, float]:
    """Mean and variance of the best report of the last curve at the end of its training."""
    from scipy.linalg import cho_factor, cho_solve  # a library of an extra

    looks = [(i, step) for i, curve in enumerate(curves) for step in schedule.looks(curve)]
    seen = far([curves[i].at(step) for i, step in looks])
    of = np.array([*(i for i, _ in looks), len(curves) - 1])
    times = np.array([*(schedule.along(step) for _, step in looks), 1.0])
    covariance = covariance_of(coordinates([curve.place for curve in curves]), of, times)
    noisy = covariance[:-1, :-1] + NOISE * np.eye(len(seen))
    towards = covariance[:-1, -1]
    level = seen.mean()
    weights = cho_solve(cho_factor(noisy, lower=True), np.stack([seen - level, towards], axis=1))
    mean, explained = towards @ weights
    return float(level + mean), float(covariance[-1, -1] - explained) + NOISE / 2


def covariance_of(places: Numbers, of: NDArray[np.intp], times: Numbers) -> Numbers:
    """(m, m) the covariance of m looks.

    Args:
        places: (n, d) of the curves.
        of: (m,) the curve of each look.
        times: (m,) in [0, 1].
    """
    squares = ((places[:, None] - places) ** 2).sum(axis=2)
    scaled = np.sqrt(5 * squares) / LENGTH
    near = (1 + scaled + scaled**2 / 3) * np.exp(-scaled)  # Matern, 5/2
    alone = np.eye(len(places))
    standing = NEAR * near + OWN * alone
    changing = COMMON + NEAR_COURSE * near + OWN_COURSE * alone
    moments, at = np.unique(times, return_inverse=True)
    course = np.exp(-0.5 * ((moments[:, None] - moments) / TIME) ** 2)
    pairs, instants = np.ix_(of, of), np.ix_(at, at)
    covariance: Numbers = standing[pairs] + changing[pairs] * course[instants]
    return covariance
