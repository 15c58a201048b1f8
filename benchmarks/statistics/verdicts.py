"""The results of the statistics: verdicts and the figures behind them."""

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
        n: the number of paired observations: seeds, or problems if there are several.
        advantage: the mean lead of a over b, in the units of `Ranking`; above 0 if a is better,
            for either direction of the metric.
        interval: of the advantage; None with fewer than two observations.
        wins: the probability that a beats b under a new seed, ties count half, 0 to 1.
        p_difference: that the two are the same, with Holm's correction; None with one observation.
        p_equivalence: that they differ by the margin or more, likewise.
        more: the approximate number of further observations that would decide it; None if it is
            decided, or if more than 1,000 would be needed.
        decided_at: the number of seeds at the look that decided it, or None.
        same_points: whether both evaluated the same points in every run. Then more seeds cannot
            separate them, and the verdict is undecided.
        random_for: the number of first trials that both then draw at random, if known.
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
        """The displayed verdict."""
        return "same points" if self.same_points else self.verdict

    def seen_from(self, contender: str) -> Pair:
        """The pair as `contender` sees it, flipped if it is `b`."""
        return self if contender == self.a else self.flipped()

    def flipped(self) -> Pair:
        """The pair as `b` sees it.

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
        mean, low, high: shape (n,), over the seeds, with the bootstrap band; NaN before every
            seed has a complete trial; low and high all NaN with one seed.
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
        score: the final incumbent, mean over the seeds; on several problems its normalised
            regret.
        interval: of the score; None with one seed.
        test: the score on unseen data, or None.
        gap: the lead of the tuned score over the unseen one, in the metric's units, mean over the
            seeds; None without unseen data.
        regret: mean normalised regret at the end.
        area: mean over the budget of the normalised regret.
        rank: mean rank over the seeds, or over the problems; 1 is best.
        failed, ended_early: the numbers of `runs` that failed, and that were exhausted early.
        failed_trials, pruned_trials: their numbers among the `trials` of all runs.
        sampler_seconds, objective_seconds: means per trial.
        hypervolume: with several metrics, that of the front at the end, mean over the seeds, 1 if
            it reaches the ideal; None over several problems.
        feasible: the share of complete trials that are feasible; None without constraints.
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
    hypervolume: float | None = None
    feasible: float | None = None


@dataclass(frozen=True)
class Ranking:
    """The verdict on one measure: the tuned metric, or the one on unseen data.

    Attributes:
        measure: such as ``accuracy`` or ``normalised regret``.
        unseen: whether it is measured on data that tuning never sees.
        margin: differences smaller than this count as none, in the measure's units.
        level: the allowed chance of one false verdict or more, such as 0.05.
        pairs: every pair of contenders once, the one ahead first.
        leader: the contender that is ahead.
        sentence: the verdict in plain words.
        friedman: p-value that all are the same, over several problems; None for one problem.
        critical_distance: mean ranks this far apart differ (Nemenyi); None for one problem.
        nemenyi: Nemenyi's p-value of each pair, in both orders; empty for one problem.
        alpha: the part of `level` that this look spends; None for a single look.
        ranks: by contender, its mean rank on this measure, over seeds or problems; 1 is best.
        unit: of `Pair.n` and `Pair.more`: "seed", or "problem" if there are several.
        problems: the number of problems with a score on this measure.
        only: the one decisive problem, if the match has others that never varied.
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

    @property
    def of_leader(self) -> list[Pair]:
        """The leader's pairs, as the leader sees them."""
        mine = (pair for pair in self.pairs if self.leader in (pair.a, pair.b))
        return [pair.seen_from(self.leader) for pair in mine]

    def between(self, a: str, b: str) -> Pair | None:
        """The pair of two contenders, in either order; None if they are the same."""
        return next((pair for pair in self.pairs if {pair.a, pair.b} == {a, b} and a != b), None)


@dataclass(frozen=True)
class Summary:
    """The statistics of a match.

    Attributes:
        standings: over the whole match, best first.
        by_problem: the standings on each problem.
        curves: by problem, contender and axis ("trials", and "epochs", "seconds" where the match
            has several budgets or contenders of different speed).
        scale: by problem, a normalised regret of 1 in the metric's units, and its reference: the
            mean of random search at the same budget if it takes part, else the first trials.
        notes: on failures, early ends, looks, a single seed.
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
        """The decisive ranking."""
        return counting(self.rankings)


def counting(rankings: Sequence[Ranking]) -> Ranking:
    """The decisive ranking: on unseen data if every problem has some, else the tuned one."""
    tuned = rankings[0]
    whole = (
        ranking for ranking in rankings if ranking.unseen and ranking.problems == tuned.problems
    )
    return next(whole, tuned)
