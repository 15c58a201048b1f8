"""Exact p-values of Wilcoxon's signed-rank test with ties and zeros, and the observations it needs.

`scipy.stats.wilcoxon` is exact only without ties and zeros; with them it draws permutations, and no
p-value can be below one divided by the number of draws. That is too coarse if 91 pairs and 8 looks
share 5 %. This module computes the distribution of the statistic over all signs by the shift
algorithm (Streitberg and Roehmel 1986), which is as fast with ties as without.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm, rankdata

RESOLUTION = 1e-12
"""Values closer than this share of the largest are tied, such as 0.3 - 0.2 and 0.2 - 0.1."""
POWER = 0.8
MOST = 1_000
"""Larger numbers of further observations are not reported."""


@lru_cache(maxsize=4096)
def _survival(ranks: bytes) -> NDArray[np.float64]:
    """P(T >= t) at t = 0, 1, ..., sum + 1, if each (doubled) rank counts with chance 1/2."""
    doubled = np.frombuffer(ranks, dtype=np.int64)
    doubled = doubled[doubled > 0]
    mass = np.zeros(int(doubled.sum()) + 2)
    # Halved once per rank, in two parts, because 2 ** -1075 is 0.
    first = min(len(doubled), 1_000)
    mass[0] = 0.5**first
    end = 1
    for rank in doubled.tolist():
        mass[rank : rank + end] += mass[:end]
        end += rank
    mass *= 0.5 ** (len(doubled) - first)
    return np.cumsum(mass[::-1])[::-1]


def tails(rows: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The p-values of each row against "centred above 0" and "centred below 0", shape (...).

    Each is the chance, if all signs were random, of a signed-rank sum at least as far on that side.
    Zeros are ranked and then left out (Pratt 1959), so that a match in which two engines mostly
    find the same value counts as mostly the same; ties share their mean rank.

    Args:
        rows: differences, shape (..., n).

    >>> above, below = tails(np.array([[1.0, 2.0, 3.0]]))
    >>> above.tolist(), below.tolist()
    ([0.125], [1.0])
    """
    values = rows.reshape(-1, rows.shape[-1])
    largest = np.abs(values).max(axis=1, initial=0.0, keepdims=True)
    values = np.round(values / np.where(largest > 0, largest, 1.0) / RESOLUTION)
    doubled = np.round(2 * rankdata(np.abs(values), axis=1)).astype(np.int64)
    doubled[values == 0] = 0
    survivals = [_survival(row.tobytes()) for row in np.sort(doubled, axis=1)]
    above, below = (
        np.array([survival[at] for survival, at in zip(survivals, sums, strict=True)])
        for sums in (
            np.where(values > 0, doubled, 0).sum(axis=1),
            np.where(values < 0, doubled, 0).sum(axis=1),
        )
    )
    shape = rows.shape[:-1]
    return np.minimum(1.0, above).reshape(shape), np.minimum(1.0, below).reshape(shape)


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """P-values with Holm's (1979) correction for their number, along the last axis.

    >>> holm([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    values = np.asarray(p_values, dtype=float)
    order = np.argsort(values, axis=-1, kind="stable")
    count = values.shape[-1]
    stepped = np.take_along_axis(values, order, axis=-1) * (count - np.arange(count))
    corrected = np.empty(values.shape)
    upward = np.minimum(1.0, np.maximum.accumulate(stepped, axis=-1))
    np.put_along_axis(corrected, order, upward, axis=-1)
    return corrected


def fewest(level: float, *, sides: int = 2) -> int:
    """The fewest observations with which the test can reject at a level.

    >>> fewest(0.05), fewest(0.05, sides=1)
    (6, 5)
    """
    return max(1, int(np.ceil(np.log2(sides / level) - 1e-9)))


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
