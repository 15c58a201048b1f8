"""The verdict on a measure, on one problem or over several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from crosstune.benchmarks.statistics import intervals
from crosstune.benchmarks.statistics.pairs import ordered, pairs
from crosstune.benchmarks.statistics.ranks import critical_distance, friedman, mean_ranks, nemenyi
from crosstune.benchmarks.statistics.same_points import told_apart
from crosstune.benchmarks.statistics.scores import RunScores, ScoredProblem
from crosstune.benchmarks.statistics.sentence import sentence
from crosstune.benchmarks.statistics.verdicts import EQUIVALENT, Interval, Pair, Ranking

REGRET = "normalised regret"


def with_pairs(ranking: Ranking, ruled: tuple[Pair, ...]) -> Ranking:
    """The ranking with these verdicts and their sentence."""
    ranking = replace(ranking, pairs=ruled)
    return replace(ranking, sentence=sentence(ranking))


def ranked(
    names: tuple[str, ...],
    compared: Sequence[RunScores],
    *,
    unseen: bool,
    margin: float,
    level: float,
    alpha: float | None,
    bootstrap: bool,
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
        unseen: whether the scores are on unseen data.
        margin: in the metric's units, or in normalised regret.
        level, alpha: as in `summarize`.
        bootstrap: as in `rankings`.
    """
    several = len(compared) > 1
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
        level if alpha is None else alpha,
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
        alpha=alpha,
        ranks=dict(zip(names, map(float, mean_ranks(heights)), strict=True)),
    )
    if several:
        ranking = replace(ranking, friedman=friedman(heights), unit="problem")
    if several and bootstrap:
        distance = critical_distance(len(names), len(compared), level)
        ranking = replace(ranking, critical_distance=distance, nemenyi=nemenyi(heights, names))
    return ranking


def rankings(
    names: tuple[str, ...],
    problems: Sequence[ScoredProblem],
    *,
    margin: float,
    within: float | None,
    level: float,
    alpha: float | None = None,
    bootstrap: bool = True,
    startup: Mapping[str, int] | None = None,
) -> tuple[Ranking, ...]:
    """The verdict on the tuned metric, and the one on unseen data if there is any.

    Args:
        names: the contenders.
        problems: with their scores.
        margin, within, level, alpha: as in `summarize`.
        bootstrap: False leaves out intervals and Nemenyi's values, which are slow to compute.
        startup: by name, the number of random points that come first.
    """
    made: list[Ranking] = []
    for unseen in (False, True):
        measured = [problem.unseen if unseen else problem.tuned for problem in problems]
        there = [scores for scores in measured if scores is not None]
        # A problem that never varied separates no contenders; `Summary.notes` names it.
        compared = [scores for scores in there if scores.scale > 0] or there[:1]
        if not compared:
            continue
        tolerance = margin * compared[0].scale if len(compared) == 1 else margin
        ranking = ranked(
            names,
            compared,
            unseen=unseen,
            margin=tolerance if within is None else within,
            level=level,
            alpha=alpha,
            bootstrap=bootstrap,
        )
        only = compared[0].about.name if len(compared) == 1 < len(problems) else None
        ranking = replace(ranking, problems=len(there), only=only)
        ruled = ranking.pairs
        if any(scores.scale > 0 for scores in compared):
            ruled = told_apart(ruled, names, problems, startup or {})
        made.append(with_pairs(ranking, ruled))
    return tuple(made)
