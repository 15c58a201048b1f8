"""The rule: what the paired differences of two contenders say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from crosstune.benchmarks.statistics.needed import more
from crosstune.benchmarks.statistics.signed_rank import holm, tails
from crosstune.benchmarks.statistics.verdicts import (
    BETTER,
    EQUIVALENT,
    UNDECIDED,
    WORSE,
    Interval,
    Pair,
)


@dataclass(frozen=True)
class Ruling:
    """The verdict on one row of differences, with its two corrected p-values."""

    verdict: str
    p_difference: float | None = None
    p_equivalence: float | None = None


def rule(
    differences: NDArray[np.float64],
    margin: float,
    alpha: float,
    weights: NDArray[np.float64] | None = None,
) -> list[Ruling]:
    """The verdict on each pair, all pairs together kept to one level.

    Args:
        differences: shape (pairs, n): how far the first is ahead of the second, a row a pair.
        margin: differences smaller than this count as none.
        alpha: the level of each of the two families of tests, difference and equivalence.
        weights: shape (n,), above 0: by what to multiply the observations in the test of
            difference; 1 if None.
    """
    count, n = differences.shape
    if n < 2:
        return [Ruling(UNDECIDED)] * count
    rows = [differences if weights is None else differences * weights]
    above, below = tails(np.concatenate([*rows, differences + margin, differences - margin]))
    differ = holm(np.minimum(1.0, 2 * np.minimum(above[:count], below[:count])))
    same = holm(np.maximum(above[count : 2 * count], below[2 * count :]))
    means = differences.mean(axis=1)
    rulings = []
    for mean, up, down, p, q in zip(means, above, below, differ, same, strict=False):
        if q <= alpha:
            verdict = EQUIVALENT
        elif p <= alpha and mean > 0 and up < down:
            verdict = BETTER
        elif p <= alpha and mean < 0 and down < up:
            verdict = WORSE
        else:
            verdict = UNDECIDED
        rulings.append(Ruling(verdict, float(p), float(q)))
    return rulings


def ordered(names: Sequence[str], heights: NDArray[np.float64]) -> list[int]:
    """The contenders, the one ahead first; a tie goes by name, so not by the order given."""
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
    """Each two contenders once, the one ahead first.

    Args:
        heights: shape (contenders, n), more is better; column by column paired.
        interval: of the advantage of one over the other, by their indices; none without.
        wins: the probability that one beats the other; of the columns, if not given.
        weights: as in `rule`.
    """
    both = list(combinations(ordered(names, heights), 2))
    if not both:
        return ()
    differences = np.array([heights[a] - heights[b] for a, b in both])
    rulings = rule(differences, margin, alpha, weights)
    undecided = sum(ruling.verdict == UNDECIDED for ruling in rulings)
    found = []
    for (a, b), row, ruling in zip(both, differences, rulings, strict=True):
        share = float(np.mean((row > 0) + 0.5 * (row == 0))) if wins is None else wins(a, b)
        found.append(
            Pair(
                names[a],
                names[b],
                ruling.verdict,
                n=len(row),
                advantage=float(row.mean()),
                interval=None if interval is None else interval(a, b),
                wins=share,
                p_difference=ruling.p_difference,
                p_equivalence=ruling.p_equivalence,
                more=more(row, margin, alpha / undecided, weights)
                if ruling.verdict == UNDECIDED
                else None,
            )
        )
    return tuple(found)
