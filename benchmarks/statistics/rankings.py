"""The verdict on a measure, on one problem or over several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from crosstune.benchmarks.statistics import intervals
from crosstune.benchmarks.statistics.pairs import ordered, pairs
from crosstune.benchmarks.statistics.ranks import critical_distance, friedman, mean_ranks, nemenyi
from crosstune.benchmarks.statistics.same_points import told_apart
from crosstune.benchmarks.statistics.scores import RunScores, ScoredProblem
from crosstune.benchmarks.statistics.sentence import sentence
from crosstune.benchmarks.statistics.verdicts import EQUIVALENT, Interval, Pair, Ranking

REGRET = "normalised regret"


def with_pairs(ranking: Ranking, found: tuple[Pair, ...]) -> Ranking:
    """The ranking with these verdicts, and the sentence that goes with them."""
    alone = "" if ranking.only is None else f" of {ranking.only} alone"
    return replace(
        ranking,
        pairs=found,
        sentence=sentence(
            ranking.measure + alone,
            ranking.unseen,
            ranking.margin,
            ranking.leader,
            found,
            ranking.unit,
        ),
    )


def _ranks(names: Sequence[str], heights: NDArray[np.float64]) -> dict[str, float]:
    return dict(zip(names, map(float, mean_ranks(heights)), strict=True))


def on_one(
    names: tuple[str, ...],
    scores: RunScores,
    *,
    unseen: bool,
    margin: float,
    level: float,
    alpha: float | None,
    bootstrap: bool,
) -> Ranking:
    """The verdict on one problem: the observations are its seeds.

    Args:
        margin: in the metric's units.
    """
    heights = scores.heights
    found = pairs(
        names,
        heights,
        margin,
        level if alpha is None else alpha,
        interval=(lambda a, b: intervals.of_mean(heights[a] - heights[b], 1 - level))
        if bootstrap
        else None,
    )
    if scores.scale == 0 and heights.shape[1] > 1:
        found = tuple(replace(pair, verdict=EQUIVALENT, more=None) for pair in found)
    ranking = Ranking(
        measure=scores.about.metric,
        unseen=unseen,
        margin=margin,
        level=level,
        leader=names[ordered(names, heights)[0]],
        pairs=found,
        sentence="",
        alpha=alpha,
        ranks=_ranks(names, heights),
    )
    return with_pairs(ranking, found)


def observations(
    told: Sequence[RunScores],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What a verdict over several problems counts: mean regret, negated, and weights for the test.

    The scale of normalised regret is estimated from the reference's own runs. Where those went well
    by chance, the scale is small and the reference's lead large, so under equality leads of the
    reference would rank above those of its rivals, and signed ranks would err too often. The
    weights change, for the test of difference alone, to a scale in which all contenders count
    alike: the mean regret of all runs.

    Returns:
        Shapes (contenders, problems) and (problems,).
    """
    regrets = [scores.regret for scores in told]
    heights = np.array([-regret.mean(axis=1) for regret in regrets]).T
    pooled = np.array([np.abs(regret).mean() for regret in regrets])
    return heights, 1 / np.where(pooled > 0, pooled, 1.0)


def on_several(
    names: tuple[str, ...],
    told: Sequence[RunScores],
    *,
    unseen: bool,
    margin: float,
    level: float,
    alpha: float | None,
    bootstrap: bool,
) -> Ranking:
    """The verdict over several problems: the observations are the problems.

    Args:
        margin: in normalised regret.
    """
    regrets = [scores.regret for scores in told]
    heights, weights = observations(told)

    def wins(a: int, b: int) -> float:
        ahead = [regret[b] - regret[a] for regret in regrets]
        return float(np.mean([np.mean((row > 0) + 0.5 * (row == 0)) for row in ahead]))

    draws = intervals.hierarchical([-regret for regret in regrets]) if bootstrap else None

    def interval(a: int, b: int) -> Interval | None:
        return None if draws is None else intervals.of_draws(draws[a] - draws[b], 1 - level)

    found = pairs(
        names,
        heights,
        margin,
        level if alpha is None else alpha,
        interval=interval,
        wins=wins,
        weights=weights,
    )
    ranking = Ranking(
        measure=REGRET,
        unseen=unseen,
        margin=margin,
        level=level,
        leader=names[ordered(names, heights)[0]],
        pairs=found,
        sentence="",
        friedman=friedman(heights),
        critical_distance=critical_distance(len(names), len(told), level) if bootstrap else None,
        nemenyi=nemenyi(heights, names) if bootstrap else {},
        alpha=alpha,
        ranks=_ranks(names, heights),
        unit="problem",
    )
    return with_pairs(ranking, found)


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
    """The verdict on the tuned metric, and the one on unseen data where there are any.

    Args:
        margin: the share of the scale that counts as no difference.
        within: the same in the metric's units, for one problem; the margin, if None.
        bootstrap: False leaves out what decides nothing and takes long: intervals and Nemenyi's.
        startup: how many random points a contender begins with, by name.
    """
    found: list[Ranking] = []
    for unseen in (False, True):
        measured = [problem.unseen if unseen else problem.tuned for problem in problems]
        there = [scores for scores in measured if scores is not None]
        # A problem that never varied tells nobody apart; `Summary.notes` names it.
        told = [scores for scores in there if scores.scale > 0] or there[:1]
        if not told:
            continue
        if len(told) == 1:
            own = margin * told[0].scale if within is None else within
            ranking = on_one(
                names,
                told[0],
                unseen=unseen,
                margin=own,
                level=level,
                alpha=alpha,
                bootstrap=bootstrap,
            )
        else:
            ranking = on_several(
                names,
                told,
                unseen=unseen,
                margin=margin,
                level=level,
                alpha=alpha,
                bootstrap=bootstrap,
            )
        only = told[0].about.name if len(told) == 1 < len(problems) else None
        ranking = replace(ranking, problems=len(there), only=only)
        ruled = ranking.pairs
        if any(scores.scale > 0 for scores in told):
            ruled = told_apart(ruled, names, problems, startup or {})
        found.append(with_pairs(ranking, ruled))
    return tuple(found)
