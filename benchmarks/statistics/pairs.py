"""The rule: what the paired differences of two contenders say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from crosstune.benchmarks.statistics.needed import more
from crosstune.benchmarks.statistics.signed_rank import equivalence, holm, one_sided
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


def rule(differences: NDArray[np.float64], margin: float, alpha: float) -> list[Ruling]:
    """The verdict on each pair, all pairs together kept to one level.

    Args:
        differences: shape (pairs, n): how far the first is ahead of the second, a row a pair.
        margin: differences smaller than this count as none.
        alpha: the level of each of the two families of tests, difference and equivalence.
    """
    if differences.shape[1] < 2:
        return [Ruling(UNDECIDED)] * len(differences)
    sides = [one_sided(row) for row in differences]
    differ = holm([min(1.0, 2 * min(side)) for side in sides])
    same = holm([equivalence(row, margin) for row in differences])
    rulings = []
    for row, (above, below), p, q in zip(differences, sides, differ, same, strict=True):
        mean = row.mean()
        if q <= alpha:
            verdict = EQUIVALENT
        elif p <= alpha and mean > 0 and above < below:
            verdict = BETTER
        elif p <= alpha and mean < 0 and below < above:
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
) -> tuple[Pair, ...]:
    """Each two contenders once, the one ahead first.

    Args:
        heights: shape (contenders, n), more is better; column by column paired.
        interval: of the advantage of one over the other, by their indices; none without.
        wins: the probability that one beats the other; of the columns, if not given.
    """
    both = list(combinations(ordered(names, heights), 2))
    if not both:
        return ()
    differences = np.array([heights[a] - heights[b] for a, b in both])
    rulings = rule(differences, margin, alpha)
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
                more=more(row, margin, alpha / undecided) if ruling.verdict == UNDECIDED else None,
            )
        )
    return tuple(found)
