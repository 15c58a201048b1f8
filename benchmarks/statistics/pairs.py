"""Verdicts from the paired differences of contenders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from crosstune.benchmarks.statistics.signed_rank import holm, more, tails
from crosstune.benchmarks.statistics.verdicts import (
    BETTER,
    EQUIVALENT,
    UNDECIDED,
    WORSE,
    Interval,
    Pair,
)


@dataclass(frozen=True)
class Rulings:
    """The verdicts on rows of differences, with their corrected p-values; shape (..., pairs).

    The p-values are NaN with fewer than two observations.
    """

    verdicts: NDArray[np.str_]
    p_difference: NDArray[np.float64]
    p_equivalence: NDArray[np.float64]


def rule(
    differences: NDArray[np.float64],
    margin: float,
    alpha: float,
    weights: NDArray[np.float64] | None = None,
) -> Rulings:
    """The verdict on each pair, all pairs of a match together kept to one level.

    Args:
        differences: shape (..., pairs, n): the lead of the first over the second, one row per pair.
        margin: differences smaller than this count as none; with 0 nothing is equivalent.
        alpha: the level of each of the two families of tests, difference and equivalence.
        weights: shape (..., 1, n) or (n,), above 0: factors of the observations in the test of
            difference; 1 if None.
    """
    shape = differences.shape[:-1]
    if differences.shape[-1] < 2:
        nothing = np.full(shape, np.nan)
        return Rulings(np.full(shape, UNDECIDED), nothing, nothing)
    up, down = tails(differences if weights is None else differences * weights)
    differ = holm(np.minimum(1.0, 2 * np.minimum(up, down)))
    same = (
        holm(np.maximum(tails(differences + margin)[0], tails(differences - margin)[1]))
        if margin > 0
        else np.ones(shape)
    )
    means = differences.mean(axis=-1)
    verdicts = np.select(
        [
            same <= alpha,
            (differ <= alpha) & (means > 0) & (up < down),
            (differ <= alpha) & (means < 0) & (down < up),
        ],
        [EQUIVALENT, BETTER, WORSE],
        UNDECIDED,
    )
    return Rulings(verdicts, differ, same)


def ordered(names: Sequence[str], heights: NDArray[np.float64]) -> list[int]:
    """The indices of the contenders, best first; ties are ordered by name."""
    return sorted(range(len(names)), key=lambda index: (-heights[index].mean(), names[index]))


def pairs(
    names: Sequence[str],
    heights: NDArray[np.float64],
    margin: float,
    alpha: float,
    *,
    interval: Callable[[int, int], Interval | None] | None = None,
    wins: Callable[[int, int], float] | None = None,
    weights: NDArray[np.float64] | None = None,
) -> tuple[Pair, ...]:
    """Every pair of contenders once, the one ahead first.

    Args:
        names: one per contender.
        heights: shape (contenders, n), higher is better; columns are paired.
        margin, alpha, weights: as in `rule`.
        interval: by two indices, that of the advantage; None for no intervals.
        wins: by two indices, the chance that one beats the other; from the columns, if None.
    """
    both = list(combinations(ordered(names, heights), 2))
    if not both:
        return ()
    differences = np.array([heights[a] - heights[b] for a, b in both])
    ruled = rule(differences, margin, alpha, weights)
    undecided = int((ruled.verdicts == UNDECIDED).sum())
    several = differences.shape[1] > 1
    judged = []
    for index, ((a, b), row) in enumerate(zip(both, differences, strict=True)):
        verdict = str(ruled.verdicts[index])
        judged.append(
            Pair(
                names[a],
                names[b],
                verdict,
                n=len(row),
                advantage=float(row.mean()),
                interval=None if interval is None else interval(a, b),
                wins=float(np.mean((row > 0) + 0.5 * (row == 0))) if wins is None else wins(a, b),
                p_difference=float(ruled.p_difference[index]) if several else None,
                p_equivalence=float(ruled.p_equivalence[index]) if several else None,
                more=more(row, margin, alpha / undecided, weights)
                if verdict == UNDECIDED
                else None,
            )
        )
    return tuple(judged)
