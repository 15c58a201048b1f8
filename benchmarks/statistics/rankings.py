"""The verdict on a measure, on one problem or over several."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from crosstune.benchmarks.match.results import MatchRun, Settings
from crosstune.benchmarks.statistics import intervals
from crosstune.benchmarks.statistics.pairs import ordered, pairs
from crosstune.benchmarks.statistics.ranks import critical_distance, friedman, mean_ranks, nemenyi
from crosstune.benchmarks.statistics.scores import RunScores, ScoredProblem
from crosstune.benchmarks.statistics.sentence import sentence
from crosstune.benchmarks.statistics.verdicts import EQUIVALENT, UNDECIDED, Interval, Pair, Ranking
from crosstune.errors import RequestError

REGRET = "normalised regret"


def with_pairs(ranking: Ranking, ruled: tuple[Pair, ...]) -> Ranking:
    """The ranking with these verdicts and their sentence."""
    ranking = replace(ranking, pairs=ruled)
    return replace(ranking, sentence=sentence(ranking))


@dataclass(frozen=True)
class Rule:
    """What counts as a difference.

    Attributes:
        margin, within, level, alpha: as in `summarize`.
    """

    margin: float = 0.1
    within: float | None = None
    level: float = 0.05
    alpha: float | None = None

    def check(self, problems: int) -> None:
        """Refuse attributes out of their ranges, and `within` for several problems.

        Raises:
            RequestError: with the reason.
        """
        for name, value in (("margin", self.margin), ("within", self.within)):
            if value is not None and not 0 < value < math.inf:
                raise RequestError(f"{name}={value}: what counts as no difference is above 0.")
        if self.within is not None and problems > 1:
            raise RequestError(
                f"within={self.within}: the {problems} problems have units of their own. Give "
                "margin, a share of the scale."
            )
        if not 0 < self.level < 0.5:
            raise RequestError(f"level={self.level}: a chance of error is above 0 and below 0.5.")
        if self.alpha is not None and not 0 < self.alpha <= self.level:
            raise RequestError(
                f"alpha={self.alpha}: it is a part of the level, above 0 and at most {self.level}."
            )


def ranked(
    names: tuple[str, ...],
    compared: Sequence[RunScores],
    rule: Rule,
    *,
    unseen: bool,
    bootstrap: bool = True,
) -> Ranking:
    """The verdict on a measure, without its sentence.

    The observations are the seeds of one problem, or several problems with their mean normalised
    regret. Its scale is estimated from the reference's own runs. If those are good by chance, the
    scale is small and the reference's lead large, so under equality the leads of the reference
    would rank above those of its rivals, and signed ranks would err too often. For the test of
    difference only, the weights change to a scale to which all contenders contribute equally: the
    mean regret of all runs.

    Args:
        names: the contenders.
        compared: the scores of each problem.
        rule: what counts as a difference.
        unseen: whether the scores are on unseen data.
        bootstrap: as in `rankings`.
    """
    several, level = len(compared) > 1, rule.level
    margin = rule.margin if several else rule.margin * compared[0].scale
    margin = margin if rule.within is None else rule.within
    every = [-scores.regret if several else scores.heights for scores in compared]
    heights, weights, draws = every[0], None, None
    if several:
        heights = np.array([values.mean(axis=1) for values in every]).T
        pooled = np.array([np.abs(values).mean() for values in every])
        weights = 1 / np.where(pooled > 0, pooled, 1.0)
        draws = intervals.hierarchical(every) if bootstrap else None

    def wins(a: int, b: int) -> float:
        ahead = [values[a] - values[b] for values in every]
        return float(np.mean([np.mean((row > 0) + 0.5 * (row == 0)) for row in ahead]))

    def interval(a: int, b: int) -> Interval | None:
        if draws is not None:
            return intervals.of_draws(draws[a] - draws[b], 1 - level)
        return intervals.of_mean(heights[a] - heights[b], 1 - level) if bootstrap else None

    ruled = pairs(
        names,
        heights,
        margin,
        level if rule.alpha is None else rule.alpha,
        interval=interval,
        wins=wins,
        weights=weights,
    )
    if compared[0].scale == 0 and heights.shape[1] > 1:
        ruled = tuple(replace(pair, verdict=EQUIVALENT, more=None) for pair in ruled)
    ranking = Ranking(
        measure=REGRET if several else compared[0].about.metric,
        unseen=unseen,
        margin=margin,
        level=level,
        leader=names[ordered(names, heights)[0]],
        pairs=ruled,
        sentence="",
        alpha=rule.alpha,
        ranks=dict(zip(names, map(float, mean_ranks(heights)), strict=True)),
    )
    if several:
        ranking = replace(ranking, friedman=friedman(heights), unit="problem")
    if several and bootstrap:
        distance = critical_distance(len(names), len(compared), level)
        ranking = replace(ranking, critical_distance=distance, nemenyi=nemenyi(heights, names))
    return ranking


def rankings(
    settings: Settings, problems: Sequence[ScoredProblem], rule: Rule, *, bootstrap: bool = True
) -> tuple[Ranking, ...]:
    """The verdict on the tuned metric, and the one on unseen data if there is any.

    Args:
        settings: of the match.
        problems: with their scores.
        rule: what counts as a difference.
        bootstrap: False leaves out intervals and Nemenyi's values, which are slow to compute.
    """
    names = settings.contenders
    made: list[Ranking] = []
    for unseen in (False, True):
        measured = [problem.unseen if unseen else problem.tuned for problem in problems]
        there = [scores for scores in measured if scores is not None]
        # A problem that never varied separates no contenders; `Summary.notes` names it.
        compared = [scores for scores in there if scores.scale > 0] or there[:1]
        if not compared:
            continue
        ranking = ranked(names, compared, rule, unseen=unseen, bootstrap=bootstrap)
        only = compared[0].about.name if len(compared) == 1 < len(problems) else None
        ranking = replace(ranking, problems=len(there), only=only)
        ruled = ranking.pairs
        if any(scores.scale > 0 for scores in compared):
            ruled = told_apart(ruled, names, problems, settings.startup)
        made.append(with_pairs(ranking, ruled))
    return tuple(made)


def told_apart(
    pairs: Sequence[Pair],
    names: Sequence[str],
    problems: Sequence[ScoredProblem],
    startup: Mapping[str, int],
) -> tuple[Pair, ...]:
    """The pairs, undecided if they evaluated the same points in every run.

    Args:
        pairs: with their verdicts.
        names: the contenders, in the order of the runs of `problems`.
        problems: with the runs to compare.
        startup: by name, the number of random points that come first.
    """
    rows = {name: [problem.runs[i] for problem in problems] for i, name in enumerate(names)}
    return tuple(
        replace(
            pair,
            verdict=UNDECIDED,
            more=None,
            same_points=True,
            random_for=min((startup[n] for n in (pair.a, pair.b) if n in startup), default=None),
        )
        if _same(rows[pair.a], rows[pair.b])
        else pair
        for pair in pairs
    )


def _same(one: Sequence[Sequence[MatchRun]], other: Sequence[Sequence[MatchRun]]) -> bool:
    """True if all runs of both have the same points, and every trial has its point."""
    return all(
        len(a.evaluations) == len(b.evaluations)
        and all(
            x.params and repr(dict(x.params)) == repr(dict(y.params))
            for x, y in zip(a.evaluations, b.evaluations, strict=True)
        )
        for rows in zip(one, other, strict=True)
        for a, b in zip(*rows, strict=True)
    )
