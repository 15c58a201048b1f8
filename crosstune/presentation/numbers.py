"""Numbers as text, without digits that are not significant."""

from __future__ import annotations

import datetime
import math

NONE = "\N{EN DASH}"
"""Replaces a missing number."""


def rounded(value: float | None, within: float | None = None) -> str:
    """A number with two digits of its uncertainty, or else three significant digits.

    Args:
        value: in any unit; a dash is returned for None and NaN.
        within: its uncertainty, such as half an interval, or None.

    >>> rounded(0.912345, within=0.0061), rounded(0.912345), rounded(1234.5), rounded(None)
    ('0.9123', '0.912', '1234', '–')
    """
    if value is None or math.isnan(value):
        return NONE
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    usable = within is not None and 1e-9 * abs(value) < within < math.inf
    if within is None or not usable:  # or only a rounding error
        places = 2 - _magnitude(value)
    else:
        places = min(1 - _magnitude(within), 5 - _magnitude(value))
    if places > 7 or abs(value) >= 1e7:
        return f"{value:.2e}" if value else "0"
    shown = f"{value:.{max(places, 0)}f}"
    return shown.lstrip("-") if float(shown) == 0 else shown


def chance(p: float | None) -> str:
    """A p-value as text.

    >>> chance(0.03217), chance(0.00001), chance(1.0)
    ('0.032', '< 0.001', '1')
    """
    if p is None or math.isnan(p):
        return NONE
    return "< 0.001" if p < 0.001 else f"{p:.2g}"


def percent(share: float | None) -> str:
    """A share in whole percent; only 0 is shown as 0 % and only 1 as 100 %.

    >>> percent(0.734), percent(0.999), percent(0.001), percent(1.0)
    ('73 %', '> 99 %', '< 1 %', '100 %')
    """
    if share is None or math.isnan(share):
        return NONE
    if 0 < share < 0.005:
        return "< 1 %"
    if 0.995 <= share < 1:
        return "> 99 %"
    return f"{100 * share:.0f} %"


def duration(seconds: float | None) -> str:
    """Seconds in a suitable unit.

    >>> duration(0.00213), duration(0.5), duration(75), duration(9000)
    ('2.1 ms', '0.50 s', '1.2 min', '2.5 h')
    """
    if seconds is None or math.isnan(seconds):
        return NONE
    for unit, size in (("h", 3600.0), ("min", 60.0), ("s", 0.1)):
        if seconds >= size:
            amount = seconds if unit == "s" else seconds / size
            return f"{amount:.{0 if amount >= 10 else 1 if amount >= 1 else 2}f} {unit}"
    amount = seconds * 1000
    return (
        f"{amount:.{0 if amount >= 10 else 1}f} ms" if amount >= 0.05 or not amount else "< 0.1 ms"
    )


def counted(n: int, one: str, several: str = "") -> str:
    """A number with its noun.

    Args:
        n: the number.
        one: the noun.
        several: the plural; defaults to `one` with an "s".

    >>> counted(1, "seed"), counted(20, "seed")
    ('1 seed', '20 seeds')
    """
    return f"{n} {one if n == 1 else several or one + 's'}"


def _magnitude(value: float) -> int:
    return math.floor(math.log10(abs(value))) if value else 0


def moment(time: datetime.datetime | None) -> str:
    """A time as text, to the second."""
    return NONE if time is None else time.strftime("%Y-%m-%d %H:%M:%S")
