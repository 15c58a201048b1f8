"""Figures of rows with dots over one axis."""

from __future__ import annotations

import math
from dataclasses import dataclass

from crosstune.presentation.axes import steps
from crosstune.presentation.numbers import duration


@dataclass(frozen=True)
class Mark:
    """A dot on a row, with its interval, in the units of the figure.

    Attributes:
        words: the tooltip.
        series: determines the colour, such as a contender; None for grey.
        hollow: whether it is drawn as a ring.
    """

    value: float
    words: str
    series: str | None = None
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
        return steps(low, high)
