"""Figures over an axis: anytime curves, and rows of dots."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from crosstune.benchmarks.report.tables import plain
from crosstune.benchmarks.statistics.precision import duration
from crosstune.benchmarks.statistics.verdicts import IncumbentCurve


@dataclass(frozen=True)
class Curves:
    """The anytime curves of one problem.

    Attributes:
        lines: by axis and contender.
        best_known: drawn as a horizontal line, or None.
    """

    name: str
    problem: str
    metric: str
    maximize: bool
    lines: Mapping[str, Mapping[str, IncumbentCurve]]
    best_known: float | None

    @property
    def title(self) -> str:
        """A description of the figure."""
        return f"The best {plain(self.metric)} so far on {plain(self.problem)}"


@dataclass(frozen=True)
class Mark:
    """A dot on a row, with its interval, in the units of the figure.

    Attributes:
        words: the tooltip.
        contender: determines the colour; None for grey.
        hollow: whether it is drawn as a ring.
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
        title: also the text for screen readers.
        unit: the label of the axis.
        rows: a label and its marks.
        zone: a shaded band, such as the margin around no difference.
        zero: whether the axis includes 0 and a line marks it.
        log: whether the axis is logarithmic.
        legend: the meaning of a dot and of a ring, if there are both.
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
        values = [
            value
            for _, marks in self.rows
            for mark in marks
            for value in (mark.value, mark.low, mark.high)
            if value is not None and math.isfinite(value) and (value > 0 or not self.log)
        ]
        values += [0.0] if self.zero else []
        values += list(self.zone or ())
        if not values:
            return (0.1, 1.0) if self.log else (0.0, 1.0)
        low, high = min(values), max(values)
        if self.log:
            return 10 ** math.floor(math.log10(low)), 10 ** max(
                math.ceil(math.log10(high)), math.floor(math.log10(low)) + 1
            )
        room = 0.05 * (high - low) or 0.05 * abs(high) or 0.5
        return low - (0.0 if self.zero and low == 0 else room), high + room

    def place(self, value: float) -> float | None:
        """The position of a value on the axis, 0 to 1; None if it has none."""
        if not math.isfinite(value) or (self.log and value <= 0):
            return None
        low, high = self.domain
        if self.log:
            low, high, value = math.log10(low), math.log10(high), math.log10(value)
        return min(max((value - low) / (high - low), 0.0), 1.0)

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """The ticks of the axis, with their labels."""
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
