"""Ranks over several problems: Friedman's test and Nemenyi's critical distance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import friedmanchisquare, rankdata, studentized_range


def mean_ranks(heights: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean rank of each contender, 1 is best, ties share a rank; shape (contenders,).

    Args:
        heights: shape (contenders, n), higher is better.
    """
    mean: NDArray[np.float64] = rankdata(-heights, axis=0).mean(axis=1)
    return mean


def friedman(heights: NDArray[np.float64]) -> float | None:
    """The p-value that all contenders are the same (Friedman 1937).

    Returns:
        None with fewer than three contenders or two problems, or if all are tied everywhere.
    """
    contenders, problems = heights.shape
    if contenders < 3 or problems < 2 or not np.ptp(heights, axis=0).any():
        return None
    return float(friedmanchisquare(*heights).pvalue)


def critical_distance(contenders: int, problems: int, level: float) -> float | None:
    """Mean ranks this far apart differ at a level, all pairs together (Nemenyi 1963).

    Demsar (2006), equation for CD in section 3.2.2; its q is the quantile of the studentised range
    with infinite degrees of freedom, divided by the root of 2.

    Args:
        contenders, problems: their numbers.
        level: of all pairs together.

    Returns:
        None with fewer than two contenders or problems.

    >>> round(critical_distance(4, 14, 0.05), 2)
    1.25
    """
    if contenders < 2 or problems < 2:
        return None
    q = studentized_range.ppf(1 - level, contenders, np.inf) / np.sqrt(2)
    return float(q * _standard_error(contenders, problems))


def nemenyi(heights: NDArray[np.float64], names: tuple[str, ...]) -> dict[tuple[str, str], float]:
    """Nemenyi's p-value of each pair, in both orders; the inverse of `critical_distance`.

    Args:
        heights: shape (contenders, n), higher is better.
        names: one per contender.
    """
    contenders, problems = heights.shape
    if contenders < 2 or problems < 2:
        return {}
    ranks = mean_ranks(heights)
    distances = np.abs(ranks[:, None] - ranks) / _standard_error(contenders, problems)
    table = studentized_range.sf(distances * np.sqrt(2), contenders, np.inf)
    return {
        (a, b): float(table[i, j])
        for i, a in enumerate(names)
        for j, b in enumerate(names)
        if i != j
    }


def _standard_error(contenders: int, problems: int) -> float:
    """Of the difference of two mean ranks."""
    return float(np.sqrt(contenders * (contenders + 1) / (6 * problems)))
