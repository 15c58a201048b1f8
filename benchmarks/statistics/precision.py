"""Intervals as text, without digits that are not significant."""

from __future__ import annotations

from crosstune.benchmarks.statistics.verdicts import Interval
from crosstune.presentation.numbers import NONE, rounded


def half(interval: Interval | None) -> float | None:
    """Half the width of an interval; None without one."""
    return None if interval is None else (interval.high - interval.low) / 2


def between(interval: Interval | None) -> str:
    """An interval as text.

    >>> between(Interval(0.90512, 0.91834))
    '0.9051 to 0.9183'
    """
    if interval is None:
        return NONE
    within = half(interval)
    return f"{rounded(interval.low, within)} to {rounded(interval.high, within)}"
