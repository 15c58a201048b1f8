"""Tables of the verdict, of every pair, of the standings and of the cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from crosstune.benchmarks.match.results import Results
from crosstune.benchmarks.report.tables import Column, ReportTable, TableCell, count, text
from crosstune.benchmarks.statistics.precision import (
    NONE,
    between,
    chance,
    counted,
    duration,
    half,
    percent,
    rounded,
)
from crosstune.benchmarks.statistics.verdicts import (
    Interval,
    Pair,
    Ranking,
    Standing,
    Summary,
)

CONTENDER = Column("contender", ("contender",), "contender")
PROBLEM = Column("problem", ("problem",), "text")


def seen_from(pair: Pair, contender: str) -> Pair:
    """The pair as `contender` sees it, flipped if it is not the first."""
    return pair if pair.a == contender else pair.flipped()


def of_leader(ranking: Ranking) -> list[Pair]:
    """The leader's pairs, as the leader sees them."""
    return [
        seen_from(pair, ranking.leader)
        for pair in ranking.pairs
        if ranking.leader in (pair.a, pair.b)
    ]


def verdict(summary: Summary) -> ReportTable:
    """The leader's pairs in the decisive ranking."""
    ranking = summary.verdict
    rows = [
        (
            text(pair.a),
            text(pair.b),
            _verdict(pair),
            _advantage(pair),
            _interval(pair.interval),
            TableCell(percent(pair.wins), (pair.wins,)),
            TableCell(_more(pair, ranking.unit), (pair.more,)),
        )
        for pair in of_leader(ranking)
    ]
    columns = (
        CONTENDER,
        Column("against", ("other",), "contender"),
        Column("is", ("verdict",), "verdict"),
        Column("ahead by", ("advantage",)),
        Column(_level(pair.interval for pair in ranking.pairs), ("low", "high")),
        Column("wins", ("wins",)),
        Column("more needed", ("more",)),
    )
    return ReportTable(
        "verdict", f"The leader against the others, in {ranking.measure}", columns, tuple(rows)
    )


def pairs(ranking: Ranking, name: str) -> ReportTable:
    """Every pair of a ranking, with its tests."""
    rows = [
        (
            text(pair.a),
            text(pair.b),
            _verdict(pair),
            count(pair.n),
            _advantage(pair),
            _interval(pair.interval),
            TableCell(percent(pair.wins), (pair.wins,)),
            TableCell(chance(pair.p_difference), (pair.p_difference,)),
            TableCell(chance(pair.p_equivalence), (pair.p_equivalence,)),
            TableCell(str(pair.more or NONE), (pair.more,)),
        )
        for pair in ranking.pairs
    ]
    columns = (
        CONTENDER,
        Column("against", ("other",), "contender"),
        Column("is", ("verdict",), "verdict"),
        Column("n", ("n",)),
        Column("ahead by", ("advantage",)),
        Column(_level(pair.interval for pair in ranking.pairs), ("low", "high")),
        Column("wins", ("wins",)),
        Column("p (same)", ("p_difference",)),
        Column("p (apart)", ("p_equivalence",)),
        Column("more", ("more",)),
    )
    return ReportTable(name, f"Every pair, in {ranking.measure}", columns, tuple(rows))


def standings(rows: Iterable[Standing], caption: str, score: str) -> ReportTable:
    """The contenders, best first.

    Args:
        rows: one per contender.
        caption: of the table.
        score: the name of the score.
    """
    rows = list(rows)
    columns, cells = _standing_columns(rows, score)
    return ReportTable("standings", caption, (CONTENDER, *columns), tuple(cells))


def by_problem(by_problem: Mapping[str, Iterable[Standing]], results: Results) -> ReportTable:
    """The standings on each problem, in one long table."""
    every = [(problem, standing) for problem, rows in by_problem.items() for standing in rows]
    columns, cells = _standing_columns([standing for _, standing in every], "score")
    metrics = [text(results.about(problem).metric) for problem, _ in every]
    rows = [
        (text(problem), metric, *line)
        for (problem, _), metric, line in zip(every, metrics, cells, strict=True)
    ]
    metric = Column("metric", ("metric",), "text")
    return ReportTable(
        "standings-by-problem",
        "The contenders on each problem",
        (PROBLEM, metric, CONTENDER, *columns),
        tuple(rows),
    )


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
    columns = (
        CONTENDER,
        PROBLEM,
        Column("tuned", ("score",)),
        Column("unseen", ("test",)),
        Column("gap", ("gap",)),
    )
    rows = [
        (
            text(standing.contender),
            text(problem),
            _score(standing),
            _test(standing),
            TableCell(rounded(standing.gap, _finer(standing)), (standing.gap,)),
        )
        for problem, standing in every
    ]
    return ReportTable("gap", "Tuned and unseen scores, means over the seeds", columns, tuple(rows))


def cost(rows: Iterable[Standing]) -> ReportTable:
    """The time of each contender's suggestions, beside that of the objective."""
    lines = []
    for standing in rows:
        whole = standing.sampler_seconds + standing.objective_seconds
        share = standing.sampler_seconds / whole if whole > 0 else None
        lines.append(
            (
                text(standing.contender),
                TableCell(duration(standing.sampler_seconds), (standing.sampler_seconds,)),
                TableCell(duration(standing.objective_seconds), (standing.objective_seconds,)),
                TableCell(percent(share), (share,)),
            )
        )
    columns = (
        CONTENDER,
        Column("sampler, a trial", ("sampler_seconds",)),
        Column("objective, a trial", ("objective_seconds",)),
        Column("sampler's share", ("sampler_share",)),
    )
    return ReportTable("cost", "Mean time of a trial", columns, tuple(lines))


def _standing_columns(
    rows: list[Standing], score: str
) -> tuple[list[Column], list[tuple[TableCell, ...]]]:
    """The columns that some contender has values in, and the cells; the contender first."""
    unseen = any(standing.test is not None for standing in rows)
    columns = [
        Column(score, ("score",)),
        Column(_level(standing.interval for standing in rows), ("score_low", "score_high")),
    ]
    if unseen:
        columns += [
            Column("unseen", ("test",)),
            Column(_level(standing.test_interval for standing in rows), ("test_low", "test_high")),
            Column("gap", ("gap",)),
        ]
    columns += [
        Column("regret", ("regret",)),
        Column("area", ("area",)),
        Column("mean rank", ("rank",)),
        Column("failed runs", ("failed", "runs")),
        Column("ended early", ("ended_early",)),
        Column("failed trials", ("failed_trials", "trials")),
        Column("pruned trials", ("pruned_trials",)),
    ]
    cells: list[tuple[TableCell, ...]] = []
    for standing in rows:
        line = [text(standing.contender), _score(standing), _interval(standing.interval)]
        if unseen:
            line += [
                _test(standing),
                _interval(standing.test_interval),
                TableCell(rounded(standing.gap, _finer(standing)), (standing.gap,)),
            ]
        line += [
            TableCell(_normalised(standing.regret), (standing.regret,)),
            TableCell(_normalised(standing.area), (standing.area,)),
            TableCell(_fixed(standing.rank, 1), (standing.rank,)),
            TableCell(f"{standing.failed} of {standing.runs}", (standing.failed, standing.runs)),
            count(standing.ended_early),
            TableCell(
                f"{standing.failed_trials} of {standing.trials}",
                (standing.failed_trials, standing.trials),
            ),
            count(standing.pruned_trials),
        ]
        cells.append(tuple(line))
    return columns, cells


def _score(standing: Standing) -> TableCell:
    return TableCell(rounded(standing.score, half(standing.interval)), (standing.score,))


def _test(standing: Standing) -> TableCell:
    return TableCell(rounded(standing.test, half(standing.test_interval)), (standing.test,))


def _finer(standing: Standing) -> float | None:
    """The uncertainty of a gap: that of the less certain of its two parts."""
    return max((half(standing.interval) or 0.0), (half(standing.test_interval) or 0.0)) or None


def _advantage(pair: Pair) -> TableCell:
    return TableCell(rounded(pair.advantage, half(pair.interval)), (pair.advantage,))


def _interval(interval: Interval | None) -> TableCell:
    values = (None, None) if interval is None else (interval.low, interval.high)
    return TableCell(between(interval), values)


def _verdict(pair: Pair) -> TableCell:
    return TableCell(pair.words, (pair.verdict,))


def _more(pair: Pair, unit: str) -> str:
    if pair.same_points:
        return "more trials"
    return f"about {counted(pair.more, unit)}" if pair.more else NONE


def _normalised(regret: float | None) -> str:
    return NONE if regret is None or regret != regret else _fixed(regret, 2)


def _fixed(value: float, places: int) -> str:
    return NONE if value != value else f"{value:.{places}f}"


def _level(intervals: Iterable[Interval | None]) -> str:
    """The heading of a column of intervals."""
    level = next((interval.level for interval in intervals if interval is not None), None)
    return "interval" if level is None else f"{100 * level:g} % interval"
