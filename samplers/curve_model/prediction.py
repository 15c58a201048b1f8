"""The chance of a trial to end as the best one, from its learning curve and those of others.

The model is that of the Gaussian-process sampler, with the medians of its hyperparameters: the few
trials that a decision uses contain too little information to fit them. Its values are the best
reports so far. The idea is from Swersky, Snoek and Adams, Freeze-thaw Bayesian optimization (2014).
See `crosstune.benchmarks.research.curves`.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from statistics import NormalDist, median

import numpy as np
from numpy.typing import NDArray

from crosstune.samplers.curve_model.curves import LearningCurve, Schedule
from crosstune.samplers.curve_model.model import PlainScales
from crosstune.samplers.curve_model.trial_coordinates import coordinates

FLOOR = 0.1
"""Differences far below this share of the typical distance from the best value are ignored."""
HOPELESS = 3.0
"""Upper limit on that log scale, so that a trial that exploded has no more weight than others."""

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
    # scipy is of an extra.
    from crosstune.samplers.gaussian_process.curve_fit import NAMES, hyperparameters
    from crosstune.samplers.gaussian_process.curve_process import CurveProcess
    from crosstune.samplers.gaussian_process.curve_rows import Rows
    from crosstune.samplers.gaussian_process.encoding import Points

    looks = [(i, step) for i, curve in enumerate(curves) for step in schedule.looks(curve)]
    seen = far([curves[i].at(step) for i, step in looks])
    level = float(seen.mean())
    rows = Rows(
        of=np.array([i for i, _ in looks]),
        times=np.array([schedule.along(step) for _, step in looks]),
        left=np.array([schedule.left(step) for _, step in looks]),
        values=seen - level,
        extra=np.zeros(len(looks)),
    )
    places = coordinates([curve.place for curve in curves])
    n, d = places.shape
    medians = hyperparameters(np.zeros(d + len(NAMES)), d)
    points = Points(places, np.empty((n, 0)))
    model = CurveProcess(PlainScales(d, np.arange(d)), points, rows, medians)
    return level + float(model.means[-1]), float(model.deviations[-1]) ** 2 + medians.noise / 2
