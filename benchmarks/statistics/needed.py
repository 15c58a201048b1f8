"""The approximate number of observations that would decide a pair."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from crosstune.benchmarks.statistics.signed_rank import fewest

POWER = 0.8
MOST = 1_000
"""Larger numbers of further observations are not reported."""


def above(values: NDArray[np.float64]) -> float:
    """The share of pairs of observations with a mean above 0, ties count half; 0 to 1."""
    first, second = np.triu_indices(len(values), 1)
    sums = values[first] + values[second]
    return float(np.mean((sums > 0) + 0.5 * (sums == 0)))


def noether(share: float, level: float, power: float) -> float:
    """The observations that a one-sided signed-rank test needs (Noether 1987, section 3).

    Args:
        share: the probability that the sum of two observations is above 0.
        level: of one side.
        power: the chance to reject, 0 to 1.
    """
    if share <= 0.5:
        return math.inf
    return float((norm.ppf(1 - level) + norm.ppf(power)) ** 2 / (3 * (share - 0.5) ** 2))


def more(
    differences: NDArray[np.float64],
    margin: float,
    level: float,
    weights: NDArray[np.float64] | None = None,
) -> int | None:
    """The approximate number of further observations that decide at a level; at least 1.

    It is the smaller of the numbers that a difference and an equivalence need at 80 % power, if
    further observations are like the present ones, and at least the fewest with which the exact
    test can reject.

    Args:
        differences: shape (n,).
        margin: differences smaller than this count as none.
        level: of the test.
        weights: as in `pairs.rule`, shape (n,).

    Returns:
        None beyond 1,000. With one observation, the fewest with which a test can decide.
    """
    n = len(differences)
    if n < 2:
        return max(1, min(fewest(level), fewest(level, sides=1)) - n) if n else None
    share = above(differences if weights is None else differences * weights)
    differ = noether(max(share, 1 - share), level / 2, POWER)
    # Both sides have to reject, so each may fail half as often.
    both = (1 + POWER) / 2
    same = max(
        noether(above(differences + margin), level, both),
        noether(above(margin - differences), level, both),
    )
    total = min(max(differ, fewest(level)), max(same, fewest(level, sides=1)))
    if total - n > MOST:
        return None
    return max(1, math.ceil(total) - n)
