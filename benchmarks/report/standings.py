"""Who is ahead, as tables: the verdict's pairs, every pair, the standings, the cost."""

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
    """The pair as its other contender sees it, where `contender` is not the first."""
    return pair if pair.a == contender else pair.flipped()


def of_leader(ranking: Ranking) -> list[Pair]:
    """The leader against each other contender, as the leader sees it."""
    return [
        seen_from(pair, ranking.leader)
        for pair in ranking.pairs
        if ranking.leader in (pair.a, pair.b)
    ]


def verdict(summary: Summary) -> ReportTable:
    """The leader's pairs in the ranking that counts."""
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
        rows: one a contender.
        caption: over the table.
        score: what the score is called.
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
    """The score that was tuned beside the one on unseen data; None where there are none."""
    every = [
        (problem, each)
        for problem, rows in by_problem.items()
        for each in rows
        if each.gap is not None and each.test is not None
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
            text(each.contender),
            text(problem),
            _score(each),
            _test(each),
            TableCell(rounded(each.gap, _finer(each)), (each.gap,)),
        )
        for problem, each in every
    ]
    return ReportTable("gap", "Tuned and unseen scores, means over the seeds", columns, tuple(rows))


def cost(rows: Iterable[Standing]) -> ReportTable:
    """What a contender's suggestions cost, beside the objective."""
    lines = []
    for each in rows:
        whole = each.sampler_seconds + each.objective_seconds
        share = each.sampler_seconds / whole if whole > 0 else None
        lines.append(
            (
                text(each.contender),
                TableCell(duration(each.sampler_seconds), (each.sampler_seconds,)),
                TableCell(duration(each.objective_seconds), (each.objective_seconds,)),
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
    """The columns that some contender has something in, and the cells; the contender first."""
    unseen = any(each.test is not None for each in rows)
    columns = [
        Column(score, ("score",)),
        Column(_level(each.interval for each in rows), ("score_low", "score_high")),
    ]
    if unseen:
        columns += [
            Column("unseen", ("test",)),
            Column(_level(each.test_interval for each in rows), ("test_low", "test_high")),
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
    for each in rows:
        line = [text(each.contender), _score(each), _interval(each.interval)]
        if unseen:
            line += [
                _test(each),
                _interval(each.test_interval),
                TableCell(rounded(each.gap, _finer(each)), (each.gap,)),
            ]
        line += [
            TableCell(_normalised(each.regret), (each.regret,)),
            TableCell(_normalised(each.area), (each.area,)),
            TableCell(_fixed(each.rank, 1), (each.rank,)),
            TableCell(f"{each.failed} of {each.runs}", (each.failed, each.runs)),
            count(each.ended_early),
            TableCell(f"{each.failed_trials} of {each.trials}", (each.failed_trials, each.trials)),
            count(each.pruned_trials),
        ]
        cells.append(tuple(line))
    return columns, cells


def _score(each: Standing) -> TableCell:
    return TableCell(rounded(each.score, half(each.interval)), (each.score,))


def _test(each: Standing) -> TableCell:
    return TableCell(rounded(each.test, half(each.test_interval)), (each.test,))


def _finer(each: Standing) -> float | None:
    """What a gap is uncertain by: no better known than the worse of its two parts."""
    return max((half(each.interval) or 0.0), (half(each.test_interval) or 0.0)) or None


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
    """The head of a column of intervals."""
    level = next((each.level for each in intervals if each is not None), None)
    return "interval" if level is None else f"{100 * level:g} % interval"
