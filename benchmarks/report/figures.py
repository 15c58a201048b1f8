"""What each figure shows, before anything draws it: `page` and `drawings` do."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crosstune.benchmarks.match.results import Results
from crosstune.benchmarks.report.importance import Importance
from crosstune.benchmarks.report.standings import of_leader
from crosstune.benchmarks.report.tables import plain
from crosstune.benchmarks.statistics.precision import between, duration, percent, rounded
from crosstune.benchmarks.statistics.verdicts import IncumbentCurve, Ranking, Standing, Summary

AXES = ("trials", "epochs", "seconds")


@dataclass(frozen=True)
class Curves:
    """The anytime curves of one problem.

    Attributes:
        lines: by axis and contender.
        best_known: a line across; None where it is not known.
    """

    name: str
    problem: str
    metric: str
    maximize: bool
    lines: Mapping[str, Mapping[str, IncumbentCurve]]
    best_known: float | None

    @property
    def title(self) -> str:
        """What it shows."""
        return f"The best {plain(self.metric)} so far on {plain(self.problem)}"


@dataclass(frozen=True)
class Mark:
    """A dot on a row, with its interval, in the units of the figure.

    Attributes:
        contender: whose colour it has; None for grey.
        hollow: whether it is drawn as a ring.
        words: what it says when it is pointed at.
    """

    value: float
    words: str
    contender: str | None = None
    low: float | None = None
    high: float | None = None
    hollow: bool = False


@dataclass(frozen=True)
class Dots:
    """Rows of dots over one axis.

    Attributes:
        name: of its files.
        title: what it shows, also for those who cannot see it.
        unit: under the axis.
        rows: a label and its marks.
        zone: a band that is shaded, such as the margin around no difference.
        zero: whether a line marks 0, which the axis then includes.
        log: whether the axis is logarithmic.
        legend: what a dot and a ring are, where there are both.
        joined: whether a line joins the marks of a row.
    """

    name: str
    title: str
    unit: str
    rows: tuple[tuple[str, tuple[Mark, ...]], ...]
    zone: tuple[float, float] | None = None
    zero: bool = False
    log: bool = False
    legend: tuple[str, str] | None = None
    joined: bool = False

    @property
    def domain(self) -> tuple[float, float]:
        """The two ends of the axis."""
        held = [
            value
            for _, marks in self.rows
            for mark in marks
            for value in (mark.value, mark.low, mark.high)
            if value is not None and math.isfinite(value) and (value > 0 or not self.log)
        ]
        held += [0.0] if self.zero else []
        held += list(self.zone or ())
        if not held:
            return (0.1, 1.0) if self.log else (0.0, 1.0)
        low, high = min(held), max(held)
        if self.log:
            return 10 ** math.floor(math.log10(low)), 10 ** max(
                math.ceil(math.log10(high)), math.floor(math.log10(low)) + 1
            )
        room = 0.05 * (high - low) or 0.05 * abs(high) or 0.5
        return low - (0.0 if self.zero and low == 0 else room), high + room

    def place(self, value: float) -> float | None:
        """Where a value is on the axis, 0 to 1; None where it cannot be."""
        if not math.isfinite(value) or (self.log and value <= 0):
            return None
        low, high = self.domain
        if self.log:
            low, high, value = math.log10(low), math.log10(high), math.log10(value)
        return min(max((value - low) / (high - low), 0.0), 1.0)

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """Where the axis has its numbers, and what they say."""
        low, high = self.domain
        if self.log:
            exponents = range(round(math.log10(low)), round(math.log10(high)) + 1)
            step = 1 + len(exponents) // 6
            return [(10.0**e, duration(10.0**e)) for e in exponents][::step]
        size = (high - low) / 6
        power = 10 ** math.floor(math.log10(size))
        step = next(power * k for k in (1, 2, 5, 10) if power * k >= size * 0.999)
        first = math.ceil(low / step - 1e-9)
        last = math.floor(high / step + 1e-9)
        places = max(0, -math.floor(math.log10(step) + 1e-9))
        return [(k * step, f"{k * step:.{places}f}") for k in range(first, last + 1)]


Figure = Curves | Dots
"""The diagram of ranks is in `ranks`, since it is laid out and not plotted."""


def curves(name: str, results: Results, summary: Summary, problem: str) -> Curves:
    """The curves of a problem."""
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
    held = {axis: found for axis, found in by_axis.items() if found}
    known = best if best is not None and math.isfinite(best) else None
    return Curves(name, problem, about.metric, about.maximize, held, known)


def scores(rows: Sequence[Standing], measure: str) -> Dots:
    """The score of each contender with its interval; a ring for unseen data."""
    unseen = any(each.test is not None for each in rows)
    lines = []
    for each in rows:
        marks = [
            Mark(
                each.score,
                f"{plain(each.contender)}: {rounded(each.score)}, {between(each.interval)}",
                each.contender,
                each.interval.low if each.interval else None,
                each.interval.high if each.interval else None,
            )
        ]
        if each.test is not None:
            interval = each.test_interval
            marks.append(
                Mark(
                    each.test,
                    f"{plain(each.contender)}, unseen: {rounded(each.test)}, {between(interval)}",
                    each.contender,
                    interval.low if interval else None,
                    interval.high if interval else None,
                    hollow=True,
                )
            )
        lines.append((each.contender, tuple(marks)))
    return Dots(
        "standings",
        "The score of each contender",
        measure,
        tuple(lines),
        legend=("tuned", "unseen") if unseen else None,
    )


def advantages(ranking: Ranking, name: str) -> Dots:
    """How far the leader is ahead of each other, over the margin within which nobody is."""
    rows = tuple(
        (
            pair.b,
            (
                Mark(
                    pair.advantage,
                    f"{plain(pair.a)} against {plain(pair.b)}: {rounded(pair.advantage)}, "
                    f"{between(pair.interval)}; {pair.words}",
                    pair.b,
                    pair.interval.low if pair.interval else None,
                    pair.interval.high if pair.interval else None,
                ),
            ),
        )
        for pair in of_leader(ranking)
    )
    return Dots(
        name,
        f"How far {plain(ranking.leader)} is ahead",
        f"ahead by, in {ranking.measure}",
        rows,
        zone=(-ranking.margin, ranking.margin) if ranking.margin > 0 else None,
        zero=True,
    )


def gap(name: str, rows: Sequence[Standing], metric: str, problem: str) -> Dots:
    """The tuned score of each contender and the one on unseen data, on one problem."""
    lines = tuple(
        (
            each.contender,
            (
                Mark(each.score, f"tuned: {rounded(each.score)}", each.contender),
                Mark(each.test, f"unseen: {rounded(each.test)}", each.contender, hollow=True),
            ),
        )
        for each in rows
        if each.test is not None
    )
    title = f"Tuned and unseen {plain(metric)} on {plain(problem)}"
    return Dots(name, title, metric, lines, legend=("tuned", "unseen"), joined=True)


def importance(name: str, found: Mapping[str, Importance], problem: str) -> Dots:
    """The share of each parameter, a dot a contender."""
    params = dict.fromkeys(name for each in found.values() for name in each.shares)
    total = {param: sum(each.shares.get(param, 0.0) for each in found.values()) for param in params}
    rows = tuple(
        (
            param,
            tuple(
                Mark(each.shares[param], f"{plain(who)}: {percent(each.shares[param])}", who)
                for who, each in found.items()
                if param in each.shares
            ),
        )
        for param in sorted(params, key=lambda param: -total[param])
    )
    return Dots(name, f"Importance on {plain(problem)}", "share, 0 to 1", rows, zero=True)


def cost(rows: Sequence[Standing]) -> Dots:
    """Seconds of the sampler, a dot, and of the objective, a ring, for a mean trial."""
    lines = tuple(
        (
            each.contender,
            (
                Mark(
                    each.sampler_seconds,
                    f"sampler: {duration(each.sampler_seconds)} a trial",
                    each.contender,
                ),
                Mark(
                    each.objective_seconds,
                    f"objective: {duration(each.objective_seconds)} a trial",
                    each.contender,
                    hollow=True,
                ),
            ),
        )
        for each in rows
    )
    return Dots(
        "cost",
        "Time of a trial",
        "mean time of a trial",
        lines,
        log=True,
        legend=("sampler", "objective"),
    )
