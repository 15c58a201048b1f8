"""Axes: values to places, and where the numbers stand."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from crosstune.presentation.diagrams import LINE, MUTED, Stroke, TextLabel

Tick = tuple[float, str]
"""A value and its label."""


def steps(low: float, high: float, most: int = 6) -> list[Tick]:
    """Round values between two ends, with their labels.

    Args:
        low, high: the ends, which differ.
        most: about how many values.

    >>> [words for _, words in steps(0.0, 1.0)]
    ['0.0', '0.2', '0.4', '0.6', '0.8', '1.0']
    """
    size = (high - low) / most
    power = 10 ** math.floor(math.log10(size))
    step = next(power * k for k in (1, 2, 5, 10) if power * k >= size * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    places = max(0, -math.floor(math.log10(step) + 1e-9))
    return [(k * step, f"{k * step:.{places}f}") for k in range(first, last + 1)]


def decades(low: float, high: float, most: int = 6) -> list[Tick]:
    """Powers of ten between two ends; the ends themselves if there are fewer than two.

    Args:
        low, high: the ends, above 0.
        most: about how many values.

    >>> [words for _, words in decades(1e-4, 1.0)]
    ['0.0001', '0.001', '0.01', '0.1', '1']
    """
    powers = range(math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9) + 1)
    if len(powers) < 2:
        return [(low, f"{low:.3g}"), (high, f"{high:.3g}")]
    every = 1 + (len(powers) - 1) // most
    return [(10.0**power, f"{10.0**power:g}") for power in powers][::every]


@dataclass(frozen=True)
class Axis:
    """An axis from `low` to `high`, which differ, with its labels.

    Attributes:
        low, high: its ends; above 0 on a logarithmic axis.
        ticks: values and labels.
        log: whether it is logarithmic.
    """

    low: float
    high: float
    ticks: tuple[Tick, ...]
    log: bool = False

    def share(self, value: float) -> float:
        """The place of a value, 0 at the low end and 1 at the high one; not beyond the ends."""
        low, high = self.low, self.high
        if self.log:
            low, high, value = math.log(low), math.log(high), math.log(max(value, low))
        return min(max((value - low) / (high - low), 0.0), 1.0)


def axis_of(values: Iterable[float], *, log: bool = False, whole: bool = False) -> Axis:
    """The axis that shows all finite values, with some room.

    Args:
        values: to be shown; on a logarithmic axis those above 0.
        log: whether it is logarithmic.
        whole: whether the values are integers, such as numbers of trials, without room.
    """
    usable = [value for value in values if math.isfinite(value) and (value > 0 or not log)]
    low, high = (min(usable), max(usable)) if usable else (0.1 if log else 0.0, 1.0)
    if log:
        if low == high:
            low, high = low / 2, high * 2
        return Axis(low, high, tuple(decades(low, high)), log=True)
    room = 0.0 if whole else 0.05 * (high - low)
    if low == high:
        room = 0.5 if whole else 0.05 * abs(high) or 0.5
    low, high = low - room, high + room
    if not math.isfinite(high - low):  # values of the largest size
        low, high = low / 4, high / 4
    ticks = steps(low, high)
    if whole:
        ticks = [(at, f"{at:.0f}") for at, _ in ticks if at == round(at)]
    return Axis(low, high, tuple(ticks))


@dataclass(frozen=True)
class Frame:
    """The rectangle of a chart with its two axes.

    Attributes:
        x, y: the axes.
        width, height: of the sheet, in pixels.
        left, right, top, bottom: the margins.
    """

    x: Axis
    y: Axis
    width: float = 760.0
    height: float = 340.0
    left: float = 64.0
    right: float = 16.0
    top: float = 12.0
    bottom: float = 44.0

    def at(self, x: float, y: float) -> tuple[float, float]:
        """The point of two values on the sheet."""
        return self.across(x), self.up(y)

    def across(self, x: float) -> float:
        """The x of a value on the sheet."""
        return self.left + self.x.share(x) * (self.width - self.left - self.right)

    def up(self, y: float) -> float:
        """The y of a value on the sheet."""
        inside = self.height - self.top - self.bottom
        return self.top + (1 - self.y.share(y)) * inside

    def drawn(self, x_label: str, y_label: str) -> tuple[list[Stroke], list[TextLabel]]:
        """The lines of the grid, and the labels of the axes.

        Args:
            x_label, y_label: what the axes show.
        """
        floor, end = self.height - self.bottom, self.width - self.right
        strokes = [Stroke(((self.left, floor), (end, floor)), tone=MUTED)]
        labels = []
        for value, words in self.y.ticks:
            y = self.up(value)
            strokes.append(Stroke(((self.left, y), (end, y)), tone=LINE))
            labels.append(TextLabel(self.left - 8, y + 4, words, "end", MUTED))
        for value, words in self.x.ticks:
            x = self.across(value)
            strokes.append(Stroke(((x, floor), (x, floor + 5)), tone=MUTED))
            labels.append(TextLabel(x, floor + 18, words, "middle", MUTED))
        labels.append(TextLabel(end, self.height - 6, x_label, "end", MUTED))
        labels.append(TextLabel(self.left, self.height - 6, f"upwards: {y_label}", "start", MUTED))
        return strokes, labels
