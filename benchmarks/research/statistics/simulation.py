"""Matches without engines: final scores drawn from a law, and what the rule makes of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from crosstune.benchmarks.research.statistics.finals import read
from crosstune.benchmarks.statistics.pairs import rule
from crosstune.benchmarks.statistics.verdicts import UNDECIDED

Draw = Callable[[np.random.Generator, tuple[int, ...]], NDArray[np.float64]]


@dataclass(frozen=True)
class Law:
    """A law of final scores.

    Attributes:
        unit: its standard deviation; of the Cauchy law, which has none, half its quartile range.
        mean: of the Cauchy law its median.
    """

    draw: Draw
    unit: float
    mean: float = 0.0


def _resampled(finals: Sequence[float]) -> Law:
    pool = np.array(finals)
    return Law(
        lambda random, shape: random.choice(pool, size=shape), float(pool.std()), float(pool.mean())
    )


SYNTHETIC: Mapping[str, Law] = {
    "normal": Law(lambda random, shape: random.normal(size=shape), 1.0),
    "lognormal, heavy tail": Law(
        lambda random, shape: random.lognormal(sigma=1.5, size=shape),
        float(np.sqrt((np.exp(1.5**2) - 1) * np.exp(1.5**2))),
        float(np.exp(1.5**2 / 2)),
    ),
    "few values": Law(
        lambda random, shape: random.choice(
            [0.0, 0.1, 0.2, 0.5], p=[0.6, 0.2, 0.1, 0.1], size=shape
        ),
        float(np.sqrt(0.6 * 0.09**2 + 0.2 * 0.01**2 + 0.1 * 0.11**2 + 0.1 * 0.41**2)),
        0.09,
    ),
    "Cauchy": Law(lambda random, shape: random.standard_cauchy(size=shape), 1.0),
}


def laws() -> dict[str, Law]:
    """The synthetic laws, and the recorded finals drawn with replacement."""
    return {**SYNTHETIC, **{name: _resampled(finals) for name, finals in read().items()}}


@dataclass(frozen=True)
class Outcomes:
    """The outcomes of matches.

    Attributes:
        verdicts: shape (matches, pairs), of the first of each pair as seen from the second; the
            pairs are those of `both`.
        seeds: shape (matches,), the number that each took.
    """

    verdicts: NDArray[np.str_]
    seeds: NDArray[np.int64]


def both(contenders: int) -> list[tuple[int, int]]:
    """Each pair of contenders once."""
    return list(combinations(range(contenders), 2))


def fixed(
    heights: NDArray[np.float64],
    margin: float,
    alpha: float,
    weights: NDArray[np.float64] | None = None,
) -> Outcomes:
    """Matches of n seeds.

    Args:
        heights: shape (matches, contenders, n), more is better.
        weights: as in `rule`.
    """
    first, second = np.array(both(heights.shape[1])).T
    ruled = rule(heights[:, first] - heights[:, second], margin, alpha, weights)
    return Outcomes(ruled.verdicts, np.full(len(heights), heights.shape[2]))


def sequential(
    heights: NDArray[np.float64], margin: float, spending: Mapping[int, float]
) -> Outcomes:
    """Matches in rounds, with the decisions of `Sequential`.

    Args:
        heights: shape (matches, contenders, n), higher is better.
        margin: in the units of `heights`.
        spending: the part of the level that each look spends, by its number of seeds.
    """
    pairs = np.array(both(heights.shape[1]))
    verdicts = np.full((len(heights), len(pairs)), UNDECIDED)
    seeds = np.zeros(len(heights), dtype=np.int64)
    going = np.arange(len(heights))
    for look, alpha in spending.items():
        part = heights[going, :, :look]
        current = verdicts[going]
        current = np.where(current == UNDECIDED, fixed(part, margin, alpha).verdicts, current)
        verdicts[going], seeds[going] = current, look
        leader = part.mean(axis=2).argmax(axis=1)
        matter = (pairs[None] == leader[:, None, None]).any(axis=2)
        going = going[(matter & (current == UNDECIDED)).any(axis=1)]
        if not len(going):
            break
    return Outcomes(verdicts, seeds)


def over_problems(
    values: NDArray[np.float64], best: float | None, margin: float, level: float
) -> Outcomes:
    """Matches over several problems, minimised; the first contender is the reference of the scale.

    Does what `scores.measured` and `rankings.ranked` do, for many matches at once.

    Args:
        values: shape (matches, problems, contenders, seeds).
        best: the best known; the best seen on each problem, if None.
        margin: in normalised regret.
    """
    floor = values.min(axis=(2, 3), keepdims=True) if best is None else best
    scale = np.abs(values[:, :, :1].mean(axis=3, keepdims=True) - floor)
    worst = np.abs(values - floor).max(axis=(2, 3), keepdims=True)
    scale = np.where(scale > 0, scale, np.where(worst > 0, worst, 1.0))
    regret = (values - floor) / scale
    pooled = np.abs(regret).mean(axis=(2, 3))
    weights = 1 / np.where(pooled > 0, pooled, 1.0)
    return fixed(-regret.mean(axis=3).swapaxes(1, 2), margin, level, weights[:, None])
