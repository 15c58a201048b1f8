"""Bootstrap intervals: of a mean, of a curve, and over problems and seeds."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import DegenerateDataWarning, bootstrap, norm, t

from crosstune.benchmarks.statistics.verdicts import Interval

RESAMPLES = 4_999
CURVE_RESAMPLES = 999
SEED = 0
"""Each interval has its own generator, so the order of contenders does not matter."""


def expanded(level: float, n: int, resamples: int = RESAMPLES) -> float:
    """The nominal level with which a bootstrap of n values covers about `level`.

    Resampling n values underestimates their spread by the root of (n - 1) / n and ignores Student's
    t; Hesterberg (2015) corrects both by the level.

    Args:
        level: of coverage, such as 0.95.
        n: the number of values.
        resamples: their number bounds the result.

    >>> round(expanded(0.95, 5), 4), round(expanded(0.95, 100), 4)
    (0.9981, 0.9539)
    """
    nominal = 1 - 2 * norm.cdf(t.ppf((1 - level) / 2, n - 1) * np.sqrt(n / (n - 1)))
    return min(float(nominal), 1 - 2 / (resamples + 1))


def of_mean(values: NDArray[np.float64], level: float = 0.95) -> Interval | None:
    """The interval of a mean: bias-corrected and accelerated (Efron 1987), 4,999 resamples.

    It uses the `expanded` level, because the nominal one covers too little with few seeds.

    Returns:
        None with fewer than two values; the value itself if all are equal.

    >>> of_mean(np.array([2.0, 2.0, 2.0]))
    Interval(low=2.0, high=2.0, level=0.95)
    """
    if len(values) < 2:
        return None
    if np.ptp(values) == 0:
        return Interval(float(values[0]), float(values[0]), level)
    for method in ("BCa", "percentile"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DegenerateDataWarning)
            interval = bootstrap(
                (values,),
                np.mean,
                n_resamples=RESAMPLES,
                confidence_level=expanded(level, len(values)),
                method=method,
                random_state=np.random.default_rng(SEED),
            ).confidence_interval
        # BCa is undefined if every resample is on one side of the mean.
        if np.isfinite(interval.low) and np.isfinite(interval.high):
            break
    return Interval(float(interval.low), float(interval.high), level)


def of_curve(
    values: NDArray[np.float64], level: float = 0.95
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The percentile band of a mean curve, at the `expanded` level; low and high, shape (n,).

    Args:
        values: shape (seeds, n); the band is NaN for columns with NaN, and with one seed.
    """
    low = np.full(values.shape[1], np.nan)
    high = low.copy()
    complete = ~np.isnan(values).any(axis=0)
    if len(values) >= 2 and complete.any():
        # A curve is constant over most of its budget: equal columns are resampled once.
        columns, where = np.unique(values[:, complete], axis=1, return_inverse=True)
        band = bootstrap(
            (columns,),
            np.mean,
            n_resamples=CURVE_RESAMPLES,
            confidence_level=expanded(level, len(values), CURVE_RESAMPLES),
            method="percentile",
            random_state=np.random.default_rng(SEED),
        ).confidence_interval
        low[complete], high[complete] = band.low[where.ravel()], band.high[where.ravel()]
    return low, high


def hierarchical(groups: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Resampled means over problems and, within each, over seeds; shape (contenders, resamples).

    A seed is drawn for all contenders at once, so differences of rows are paired.

    Args:
        groups: one per problem, shape (contenders, seeds).
    """
    random = np.random.default_rng(SEED)
    resamples = RESAMPLES if len(groups) * groups[0].shape[0] < 100 else 1_999
    chosen = random.integers(len(groups), size=(resamples, len(groups)))
    means = np.empty((groups[0].shape[0], *chosen.shape))
    for problem, values in enumerate(groups):
        slots = chosen == problem
        seeds = random.integers(values.shape[1], size=(int(slots.sum()), values.shape[1]))
        # Weights by the counts of each seed: a matrix product is faster than a gather.
        weights = np.zeros(seeds.shape)
        np.add.at(weights, (np.arange(len(seeds))[:, None], seeds), 1 / values.shape[1])
        means[:, slots] = values @ weights.T
    averaged: NDArray[np.float64] = means.mean(axis=-1)
    return averaged


def of_draws(draws: NDArray[np.float64], level: float = 0.95) -> Interval:
    """The percentile interval of resampled means, shape (resamples,)."""
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high), level)
