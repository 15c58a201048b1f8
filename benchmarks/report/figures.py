"""The content of each figure; `page` and `drawings` draw it. `ranks` has the diagram of ranks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from crosstune.benchmarks.match.results import About, FrontScale, Results
from crosstune.benchmarks.report.plots import Curves
from crosstune.benchmarks.statistics.fronts import hypervolume
from crosstune.benchmarks.statistics.precision import between
from crosstune.benchmarks.statistics.verdicts import (
    IncumbentCurve,
    Interval,
    Ranking,
    Standing,
    Summary,
)
from crosstune.presentation.dots import Dots, Mark
from crosstune.presentation.numbers import duration, percent, rounded
from crosstune.presentation.tables import plain
from crosstune.study_report.importance import Importance
from crosstune.system.filenames import as_own_file_name

AXES = ("trials", "epochs", "seconds")


def curves(results: Results, summary: Summary, problem: str) -> Curves:
    """The curves of a problem.

    Args:
        results, summary: the match and its statistics.
        problem: a name in the match.
    """
    lines, best = summary.curves[problem], summary.best_known.get(problem)
    about = results.about(problem)
    by_axis = {
        axis: {
            contender: lines[contender][axis]
            for contender in results.settings.contenders
            if axis in lines.get(contender, {})
        }
        for axis in AXES
    }
    drawn = {axis: by_contender for axis, by_contender in by_axis.items() if by_contender}
    best_known = best if best is not None and math.isfinite(best) else None
    if about.metrics and about.scale is not None:
        return _volumes(drawn, about, about.scale)
    name = f"curves-{as_own_file_name(problem)}"
    return Curves(name, problem, about.metric, about.maximize, drawn, best_known)


def _volumes(
    drawn: Mapping[str, Mapping[str, IncumbentCurve]], about: About, scale: FrontScale
) -> Curves:
    """The curves of hypervolume regret as those of hypervolume."""
    lines = {
        axis: {
            contender: replace(
                curve,
                mean=hypervolume(curve.mean, scale),
                low=hypervolume(curve.high, scale),
                high=hypervolume(curve.low, scale),
            )
            for contender, curve in by_contender.items()
        }
        for axis, by_contender in drawn.items()
    }
    name = f"curves-{as_own_file_name(about.name)}"
    return Curves(name, about.name, "hypervolume", True, lines, None)


def scores(rows: Sequence[Standing], measure: str) -> Dots:
    """The score of each contender with its interval; a ring for unseen data."""
    unseen = any(standing.test is not None for standing in rows)
    lines = []
    for standing in rows:
        name = standing.contender
        marks = [_mark(name, plain(name), standing.score, standing.interval)]
        if standing.test is not None:
            words = f"{plain(name)}, unseen"
            marks.append(_mark(name, words, standing.test, standing.test_interval, hollow=True))
        lines.append((name, tuple(marks)))
    return Dots(
        "standings",
        "The score of each contender",
        measure,
        tuple(lines),
        legend=("tuned", "unseen") if unseen else None,
    )


def _mark(
    contender: str,
    subject: str,
    value: float,
    interval: Interval | None,
    remark: str = "",
    *,
    hollow: bool = False,
) -> Mark:
    low, high = (interval.low, interval.high) if interval else (None, None)
    words = f"{subject}: {rounded(value)}, {between(interval)}{remark}"
    return Mark(value, words, contender, low, high, hollow)


def advantages(ranking: Ranking, name: str) -> Dots:
    """The leader's advantage over each other contender, with the margin as a band."""
    rows = []
    for pair in ranking.of_leader:
        subject = f"{plain(pair.a)} against {plain(pair.b)}"
        mark = _mark(pair.b, subject, pair.advantage, pair.interval, f"; {pair.words}")
        rows.append((pair.b, (mark,)))
    return Dots(
        name,
        f"How far {plain(ranking.leader)} is ahead",
        f"ahead by, in {ranking.measure}",
        tuple(rows),
        zone=(-ranking.margin, ranking.margin) if ranking.margin > 0 else None,
        zero=True,
    )


def gap(rows: Sequence[Standing], metric: str, problem: str) -> Dots:
    """The tuned score of each contender and the one on unseen data, on one problem.

    Args:
        rows: the standings on the problem.
        metric, problem: their names.
    """
    lines = tuple(
        _dot_and_ring(
            standing.contender,
            (standing.score, f"tuned: {rounded(standing.score)}"),
            (standing.test, f"unseen: {rounded(standing.test)}"),
        )
        for standing in rows
        if standing.test is not None
    )
    title = f"Tuned and unseen {plain(metric)} on {plain(problem)}"
    name = f"gap-{as_own_file_name(problem)}"
    return Dots(name, title, metric, lines, legend=("tuned", "unseen"), joined=True)


def importance(by_contender: Mapping[str, Importance], problem: str) -> Dots:
    """The share of each parameter, sorted by their sums, with one dot per contender."""
    name = f"importance-{as_own_file_name(problem)}"
    params = dict.fromkeys(name for estimate in by_contender.values() for name in estimate.shares)
    total = {
        param: sum(estimate.shares.get(param, 0.0) for estimate in by_contender.values())
        for param in params
    }
    rows = tuple(
        (
            param,
            tuple(
                Mark(share, f"{plain(who)}: {percent(share)}", who)
                for who, estimate in by_contender.items()
                if (share := estimate.shares.get(param)) is not None
            ),
        )
        for param in sorted(params, key=lambda param: -total[param])
    )
    return Dots(name, f"Importance on {plain(problem)}", "share, 0 to 1", rows, zero=True)


def cost(rows: Sequence[Standing]) -> Dots:
    """Mean seconds per trial of the sampler, as dots, and of the objective, as rings."""
    lines = tuple(
        _dot_and_ring(
            standing.contender,
            (standing.sampler_seconds, f"sampler: {duration(standing.sampler_seconds)} a trial"),
            (
                standing.objective_seconds,
                f"objective: {duration(standing.objective_seconds)} a trial",
            ),
        )
        for standing in rows
    )
    legend = ("sampler", "objective")
    return Dots("cost", "Time of a trial", "mean time of a trial", lines, log=True, legend=legend)


def _dot_and_ring(
    name: str, dot: tuple[float, str], ring: tuple[float, str]
) -> tuple[str, tuple[Mark, ...]]:
    """The row of a contender with two values and their tooltips."""
    return name, (Mark(*dot, name), Mark(*ring, name, hollow=True))
