"""Tables of the verdict, of every pair, of the standings, of the cost and of the curves."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from crosstune.benchmarks.match.results import Results
from crosstune.benchmarks.statistics.precision import between, half
from crosstune.benchmarks.statistics.verdicts import Interval, Pair, Ranking, Standing, Summary
from crosstune.presentation.numbers import NONE, chance, counted, duration, percent, rounded
from crosstune.presentation.tables import Column, ReportTable, TableCell, number, table, text

CONTENDER = Column("contender", ("contender",), "contender")
PROBLEM = Column("problem", ("problem",), "text")

Row = TypeVar("Row")
Columns = list[tuple[Column, Callable[[Row], TableCell]]]


def verdict(summary: Summary) -> ReportTable:
    """The leader's pairs in the decisive ranking."""
    ranking = summary.verdict
    more = Column("more needed", ("more",))
    return table(
        "verdict",
        f"The leader against the others, in {ranking.measure}",
        ranking.of_leader,
        [
            *_pair_columns(ranking),
            (more, lambda pair: number(pair.more, _more(pair, ranking.unit))),
        ],
    )


def pairs(ranking: Ranking, name: str) -> ReportTable:
    """Every pair of a ranking, with its tests."""
    columns = _pair_columns(ranking)
    columns.insert(3, (Column("n", ("n",)), lambda pair: number(pair.n)))
    columns += [
        (
            Column("p (same)", ("p_difference",)),
            lambda pair: number(pair.p_difference, chance(pair.p_difference)),
        ),
        (
            Column("p (apart)", ("p_equivalence",)),
            lambda pair: number(pair.p_equivalence, chance(pair.p_equivalence)),
        ),
        (Column("more", ("more",)), lambda pair: number(pair.more, str(pair.more or NONE))),
    ]
    return table(name, f"Every pair, in {ranking.measure}", ranking.pairs, columns)


def _pair_columns(ranking: Ranking) -> Columns[Pair]:
    """The columns of both tables of pairs."""
    level = _level(pair.interval for pair in ranking.pairs)
    return [
        (CONTENDER, lambda pair: text(pair.a)),
        (Column("against", ("other",), "contender"), lambda pair: text(pair.b)),
        (
            Column("is", ("verdict",), "verdict"),
            lambda pair: TableCell(pair.words, (pair.verdict,)),
        ),
        (
            Column("ahead by", ("advantage",)),
            lambda pair: number(pair.advantage, rounded(pair.advantage, half(pair.interval))),
        ),
        (Column(level, ("low", "high")), lambda pair: _interval(pair.interval)),
        (Column("wins", ("wins",)), lambda pair: number(pair.wins, percent(pair.wins))),
    ]


def standings(rows: Sequence[Standing], caption: str, score: str) -> ReportTable:
    """The contenders, best first.

    Args:
        rows: one per contender.
        caption: of the table.
        score: the name of the score.
    """
    return table("standings", caption, rows, _standing_columns(rows, score))


def by_problem(by_problem: Mapping[str, Sequence[Standing]], results: Results) -> ReportTable:
    """The standings on each problem, in one long table."""
    every = [(problem, standing) for problem, rows in by_problem.items() for standing in rows]
    alike = table(
        "standings-by-problem",
        "The contenders on each problem",
        [standing for _, standing in every],
        _standing_columns([standing for _, standing in every], "score"),
    )
    rows = tuple(
        (text(problem), text(results.about(problem).metric), *cells)
        for (problem, _), cells in zip(every, alike.rows, strict=True)
    )
    metric = Column("metric", ("metric",), "text")
    return replace(alike, columns=(PROBLEM, metric, *alike.columns), rows=rows)


def gaps(by_problem: Mapping[str, Iterable[Standing]]) -> ReportTable | None:
    """The tuned score beside the one on unseen data; None without unseen data."""
    every = [
        (problem, standing)
        for problem, rows in by_problem.items()
        for standing in rows
        if standing.gap is not None and standing.test is not None
    ]
    if not every:
        return None
    return table(
        "gap",
        "Tuned and unseen scores, means over the seeds",
        every,
        [
            (CONTENDER, lambda row: text(row[1].contender)),
            (PROBLEM, lambda row: text(row[0])),
            (Column("tuned", ("score",)), lambda row: _score(row[1])),
            (Column("unseen", ("test",)), lambda row: _test(row[1])),
            (Column("gap", ("gap",)), lambda row: _gap(row[1])),
        ],
    )


def cost(rows: Iterable[Standing]) -> ReportTable:
    """The time of each contender's suggestions, beside that of the objective."""

    def share(standing: Standing) -> TableCell:
        whole = standing.sampler_seconds + standing.objective_seconds
        part = standing.sampler_seconds / whole if whole > 0 else None
        return number(part, percent(part))

    return table(
        "cost",
        "Mean time of a trial",
        rows,
        [
            (CONTENDER, lambda standing: text(standing.contender)),
            (
                Column("sampler, a trial", ("sampler_seconds",)),
                lambda standing: _seconds(standing.sampler_seconds),
            ),
            (
                Column("objective, a trial", ("objective_seconds",)),
                lambda standing: _seconds(standing.objective_seconds),
            ),
            (Column("sampler's share", ("sampler_share",)), share),
        ],
    )


def curve_table(summary: Summary) -> ReportTable:
    """The anytime curves, for CSV only: one row per point, empty values if unknown."""
    rows = tuple(
        (
            text(problem),
            text(contender),
            text(axis),
            TableCell("", tuple(float(v) if math.isfinite(v) else None for v in point)),
        )
        for problem, contenders in summary.curves.items()
        for contender, axes in contenders.items()
        for axis, curve in axes.items()
        for point in zip(curve.budget, curve.mean, curve.low, curve.high, strict=True)
    )
    axis = Column("axis", ("axis",), "text")
    columns = (PROBLEM, CONTENDER, axis, Column("", ("budget", "mean", "low", "high")))
    return ReportTable("curves", "The best so far", columns, rows)


def _standing_columns(rows: Sequence[Standing], score: str) -> Columns[Standing]:
    """The columns that some contender has values in."""
    level = _level(standing.interval for standing in rows)
    columns: Columns[Standing] = [
        (CONTENDER, lambda standing: text(standing.contender)),
        (Column(score, ("score",)), _score),
        (Column(level, ("score_low", "score_high")), lambda s: _interval(s.interval)),
    ]
    if any(standing.test is not None for standing in rows):
        level = _level(standing.test_interval for standing in rows)
        columns += [
            (Column("unseen", ("test",)), _test),
            (Column(level, ("test_low", "test_high")), lambda s: _interval(s.test_interval)),
            (Column("gap", ("gap",)), _gap),
        ]
    if any(standing.hypervolume is not None for standing in rows):
        columns.append(
            (
                Column("hypervolume", ("hypervolume",)),
                lambda s: number(s.hypervolume, _fixed(s.hypervolume, 3)),
            )
        )
    if any(standing.feasible is not None for standing in rows):
        columns.append(
            (
                Column("feasible", ("feasible",)),
                lambda s: number(s.feasible, NONE if s.feasible is None else percent(s.feasible)),
            )
        )
    return [
        *columns,
        (Column("regret", ("regret",)), lambda s: number(s.regret, _fixed(s.regret, 2))),
        (Column("area", ("area",)), lambda s: number(s.area, _fixed(s.area, 2))),
        (Column("mean rank", ("rank",)), lambda s: number(s.rank, _fixed(s.rank, 1))),
        (Column("failed runs", ("failed", "runs")), lambda s: _part(s.failed, s.runs)),
        (Column("ended early", ("ended_early",)), lambda s: number(s.ended_early)),
        (
            Column("failed trials", ("failed_trials", "trials")),
            lambda s: _part(s.failed_trials, s.trials),
        ),
        (Column("pruned trials", ("pruned_trials",)), lambda s: number(s.pruned_trials)),
    ]


def _score(standing: Standing) -> TableCell:
    return number(standing.score, rounded(standing.score, half(standing.interval)))


def _test(standing: Standing) -> TableCell:
    return number(standing.test, rounded(standing.test, half(standing.test_interval)))


def _gap(standing: Standing) -> TableCell:
    """The gap, as uncertain as the less certain of its two parts."""
    within = max(half(standing.interval) or 0.0, half(standing.test_interval) or 0.0) or None
    return number(standing.gap, rounded(standing.gap, within))


def _part(some: int, every: int) -> TableCell:
    return TableCell(f"{some} of {every}", (some, every))


def _seconds(seconds: float) -> TableCell:
    return number(seconds, duration(seconds))


def _interval(interval: Interval | None) -> TableCell:
    values = (None, None) if interval is None else (interval.low, interval.high)
    return TableCell(between(interval), values)


def _more(pair: Pair, unit: str) -> str:
    if pair.same_points:
        return "more trials"
    return f"about {counted(pair.more, unit)}" if pair.more else NONE


def _fixed(value: float | None, places: int) -> str:
    return NONE if value is None or math.isnan(value) else f"{value:.{places}f}"


def _level(intervals: Iterable[Interval | None]) -> str:
    """The heading of a column of intervals."""
    level = next((interval.level for interval in intervals if interval is not None), None)
    return "interval" if level is None else f"{100 * level:g} % interval"
