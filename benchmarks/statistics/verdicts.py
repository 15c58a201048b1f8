"""What the statistics say: the words, and the figures behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

BETTER, WORSE, EQUIVALENT, UNDECIDED = "better", "worse", "equivalent", "not enough seeds"
VERDICTS = (BETTER, WORSE, EQUIVALENT, UNDECIDED)


@dataclass(frozen=True)
class Interval:
    """A confidence interval with its level, such as 0.95."""

    low: float
    high: float
    level: float = 0.95


@dataclass(frozen=True)
class Pair:
    """Contender `a` against contender `b`.

    Attributes:
        verdict: one of `VERDICTS`, of a as seen from b.
        n: how many paired observations: seeds, or problems where there are several.
        advantage: the mean of what a is ahead of b, in the units of `Ranking`; above 0 where a is
            better, whichever way the metric goes.
        interval: of the advantage; None with fewer than two observations.
        wins: the probability that a beats b under a new seed, ties shared, 0 to 1.
        p_difference: that the two are the same, corrected after Holm; None where it cannot be had.
        p_equivalence: that they differ by the margin or more, corrected after Holm.
        more: about how many more observations would decide it; None where it is decided, or
            no number within reason would.
        decided_at: after how many seeds a look decided it, where looks were taken; else None.
        same_points: whether both evaluated the same points in every run. Then no number of seeds
            tells them apart, and the verdict is open.
        random_for: for how many trials both draw at random then, where that is known.
    """

    a: str
    b: str
    verdict: str
    n: int
    advantage: float
    interval: Interval | None
    wins: float
    p_difference: float | None
    p_equivalence: float | None
    more: int | None = None
    decided_at: int | None = None
    same_points: bool = False
    random_for: int | None = None

    @property
    def words(self) -> str:
        """The verdict as a reader sees it."""
        return "same points" if self.same_points else self.verdict

    def flipped(self) -> Pair:
        """The same, as `b` sees it.

        >>> pair = Pair("a", "b", BETTER, 9, 0.2, Interval(0.1, 0.3), 0.9, 0.01, 1.0)
        >>> pair.flipped().verdict, pair.flipped().advantage
        ('worse', -0.2)
        """
        return replace(
            self,
            a=self.b,
            b=self.a,
            verdict={BETTER: WORSE, WORSE: BETTER}.get(self.verdict, self.verdict),
            advantage=-self.advantage,
            interval=self.interval
            and Interval(-self.interval.high, -self.interval.low, self.interval.level),
            wins=1 - self.wins,
        )


@dataclass(frozen=True)
class IncumbentCurve:
    """The incumbent of a contender over a budget, on one problem.

    Attributes:
        budget: shape (n,): trials, epochs or seconds, ascending.
        mean, low, high: shape (n,), over the seeds, with the bootstrap band; NaN where not every
            seed has a complete trial yet; low and high all NaN with one seed.
        area: mean height of the curve in normalised regret, where 0 is the best known.
    """

    budget: NDArray[np.float64]
    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    area: float | None = None


@dataclass(frozen=True)
class Standing:
    """A contender on one problem, or over all of them.

    Attributes:
        score: mean over the seeds of the incumbent at the end; on several problems of its
            normalised regret.
        interval: of the score; None with one seed.
        test: the same of the score on unseen data; None where there are none.
        gap: how much better the tuned part looks than the unseen one, in the metric's units, mean
            over the seeds; None where there are none.
        regret: mean normalised regret at the end.
        area: mean over the budget of the normalised regret.
        rank: mean rank over the seeds, or over the problems; 1 is best.
        failed: how many runs failed, of `runs`; `ended_early` how many had no more to propose.
        failed_trials, pruned_trials: in all runs, of `trials`.
        sampler_seconds: mean a trial. objective_seconds: mean a trial.
    """

    contender: str
    score: float
    interval: Interval | None
    test: float | None
    test_interval: Interval | None
    gap: float | None
    regret: float | None
    area: float | None
    rank: float
    runs: int
    failed: int
    ended_early: int
    trials: int
    failed_trials: int
    pruned_trials: int
    sampler_seconds: float
    objective_seconds: float


@dataclass(frozen=True)
class Ranking:
    """The verdict on one measure: the tuned metric, or the one on unseen data.

    Attributes:
        measure: what is compared, such as ``accuracy`` or ``normalised regret``.
        unseen: whether it is measured on data that tuning never sees.
        margin: differences smaller than this count as none, in the measure's units.
        level: the chance of one false verdict or more that was allowed, such as 0.05.
        pairs: each two contenders once, the one ahead first.
        leader: the contender that is ahead.
        sentence: the verdict in plain words.
        friedman: p-value that all are the same, over several problems; None for one problem.
        critical_distance: mean ranks this far apart differ (Nemenyi); None for one problem.
        nemenyi: by two contenders, in both orders, Nemenyi's p-value; empty for one problem.
        alpha: the part of `level` that this look spends; None where there is one look.
        ranks: by contender, its mean rank on this measure, over seeds or problems; 1 is best.
        unit: what `Pair.n` and `Pair.more` count: "seed", or "problem" where there are several.
        problems: how many problems have a score on this measure.
        only: the one problem that counts, where the match has others; None elsewhere.
    """

    measure: str
    unseen: bool
    margin: float
    level: float
    leader: str
    pairs: tuple[Pair, ...]
    sentence: str
    friedman: float | None = None
    critical_distance: float | None = None
    nemenyi: Mapping[tuple[str, str], float] = field(default_factory=dict)
    alpha: float | None = None
    ranks: Mapping[str, float] = field(default_factory=dict)
    unit: str = "seed"
    problems: int = 1
    only: str | None = None

    def between(self, a: str, b: str) -> Pair | None:
        """The pair of two contenders, in whatever order it is held; None for one and the same."""
        return next((pair for pair in self.pairs if {pair.a, pair.b} == {a, b} and a != b), None)


@dataclass(frozen=True)
class Summary:
    """All that the statistics have to say of a match.

    Attributes:
        standings: over the whole match, best first.
        by_problem: the standings on each problem.
        curves: by problem, contender and axis ("trials", and "epochs", "seconds" where the match
            has several budgets or contenders of different speed).
        scale: by problem, what a normalised regret of 1 is in the metric's units, and of what: the
            mean of random search at the same budget where it takes part, else the first trials.
        notes: what a reader has to know: failures, early ends, looks, a single seed.
    """

    rankings: tuple[Ranking, ...]
    standings: tuple[Standing, ...]
    by_problem: Mapping[str, tuple[Standing, ...]]
    curves: Mapping[str, Mapping[str, Mapping[str, IncumbentCurve]]]
    scale: Mapping[str, tuple[float, str]]
    best_known: Mapping[str, float]
    notes: tuple[str, ...] = ()

    @property
    def verdict(self) -> Ranking:
        """The one that counts."""
        return counting(self.rankings)


def counting(rankings: Sequence[Ranking]) -> Ranking:
    """The ranking that counts: on unseen data where every problem has some, else as tuned."""
    tuned = rankings[0]
    whole = (each for each in rankings if each.unseen and each.problems == tuned.problems)
    return next(whole, tuned)
