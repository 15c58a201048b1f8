"""Matches without engines: final scores drawn from a law, and what the rule makes of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from crosstune.benchmarks.match.results import About
from crosstune.benchmarks.statistics.finals import read
from crosstune.benchmarks.statistics.pairs import rule
from crosstune.benchmarks.statistics.rankings import observations
from crosstune.benchmarks.statistics.scores import measured
from crosstune.benchmarks.statistics.verdicts import BETTER, EQUIVALENT, UNDECIDED, WORSE

OPTIMUM = 2.0
"""How far the mean final score is from the optimum, in units of its law."""

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


@dataclass
class Outcome:
    """What a match came to.

    Attributes:
        verdicts: by pair of contenders, of the first as seen from the second.
        seeds: how many it took.
    """

    verdicts: dict[tuple[int, int], str] = field(default_factory=dict)
    seeds: int = 0


def fixed(
    heights: NDArray[np.float64],
    margin: float,
    alpha: float,
    weights: NDArray[np.float64] | None = None,
) -> Outcome:
    """A match of n seeds; heights have shape (contenders, n), more is better."""
    both = list(combinations(range(len(heights)), 2))
    differences = np.array([heights[a] - heights[b] for a, b in both])
    rulings = rule(differences, margin, alpha, weights)
    verdicts = {pair: ruling.verdict for pair, ruling in zip(both, rulings, strict=True)}
    return Outcome(verdicts, heights.shape[1])


def sequential(
    heights: NDArray[np.float64], margin: float, spending: Mapping[int, float]
) -> Outcome:
    """A match in rounds, by what each look spends; see `Sequential`, whose decisions these are."""
    outcome = Outcome()
    for look, alpha in spending.items():
        outcome.seeds = look
        for pair, verdict in fixed(heights[:, :look], margin, alpha).verdicts.items():
            if outcome.verdicts.get(pair, UNDECIDED) == UNDECIDED:
                outcome.verdicts[pair] = verdict
        leader = int(heights[:, :look].mean(axis=1).argmax())
        if all(v != UNDECIDED for pair, v in outcome.verdicts.items() if leader in pair):
            break
    return outcome


def over_problems(
    random: np.random.Generator,
    law: Law,
    shift: Sequence[float],
    problems: int,
    seeds: int,
    margin: float,
    level: float,
) -> Outcome:
    """A match over several problems, each of its own scale; minimised.

    The first contender is the reference of the scale, as random search is. Without a shift the best
    is the best seen; with one it is known, two units below the mean.

    Args:
        shift: how much worse each contender is, in units of the law.
        margin: in normalised regret.
    """
    names = ("optuna:random", *(f"engine:{number}" for number in range(1, len(shift))))
    about = About("simulated", "loss", False, "", {})
    nothing = np.full((len(shift), seeds), np.nan)
    scores = []
    for _ in range(problems):
        scale = random.lognormal(sigma=2.0)
        values = law.draw(random, nothing.shape) + law.unit * np.array(shift)[:, None]
        best = (law.mean - OPTIMUM * law.unit) * scale if any(shift) else None
        scores.append(measured(about, names, values * scale, nothing, best))
    heights, weights = observations(scores)
    return fixed(heights, margin, level, weights)


def differs(outcome: Outcome) -> bool:
    """Whether any pair was called better or worse: false where all are the same."""
    return any(verdict in (BETTER, WORSE) for verdict in outcome.verdicts.values())


def same(outcome: Outcome, first: int = 0) -> bool:
    """Whether the contender `first` was called equivalent to any other."""
    return any(v == EQUIVALENT for pair, v in outcome.verdicts.items() if first in pair)
