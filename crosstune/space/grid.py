"""Evenly spaced grids, computed in decimal arithmetic.

Binary floating point gives ``0 + 3 * 0.1 == 0.30000000000000004``. These grids use the decimal
numbers that the user wrote, so the fourth point is ``0.3`` on every engine.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Context, Decimal
from functools import cached_property

from crosstune.errors import SpecError

MAX_POINTS = 10_000_000
"""Maximum number of points. Optuna's check of a stepped value, to 1e-8 of a step, needs this."""

_EXACT = Context(prec=60)


def decimal(number: float) -> Decimal:
    """The decimal number as which `number` is printed.

    >>> decimal(0.1)
    Decimal('0.1')
    """
    return Decimal(repr(number))


@dataclass(frozen=True)
class Grid:
    """The numbers from `low` to `high`, both included, `step` apart.

    With `log`, each number is `step` times the one before.

    >>> [Grid(0, 0.5, 0.1).value(i) for i in range(6)]
    [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]
    >>> [Grid(1e-3, 10, 10, log=True).value(i) for i in range(5)]
    [0.001, 0.01, 0.1, 1.0, 10.0]

    Raises:
        SpecError: the steps do not end on `high`, or there are more than `MAX_POINTS` of them.
    """

    low: float
    high: float
    step: float
    log: bool = False

    def __post_init__(self) -> None:
        if self.n > MAX_POINTS:
            raise SpecError(
                f"step {self.step!r} makes {_count(self.n)} values between {self.low!r} and "
                f"{self.high!r}; at most {MAX_POINTS} can be told apart. Leave the step out, or "
                "enlarge it",
                ("step",),
            )
        last, high = self._point(self.n - 1), decimal(self.high)
        # A bound that was itself computed may be off by a unit in its last place.
        if abs(last - high) > Decimal("1e-12") * max(abs(last), abs(high)):
            near = f"{self._point(self.n - 1)} or {self._point(self.n)}"
            rule = "times" if self.log else "plus"
            raise SpecError(
                f"step {self.step!r} does not reach the upper bound: {self.low!r} {rule} steps of "
                f"{self.step!r} gives {near}, not {self.high!r}. Both ends belong to the range",
                ("step",),
            )

    @cached_property
    def n(self) -> int:
        """The number of points."""
        low, high, step = decimal(self.low), decimal(self.high), decimal(self.step)
        if self.log:
            ratio = _EXACT.divide(_EXACT.ln(_EXACT.divide(high, low)), _EXACT.ln(step))
        else:
            ratio = _EXACT.divide(_EXACT.subtract(high, low), step)
        return int(ratio + Decimal("1e-9")) + 1

    def _point(self, index: int) -> Decimal:
        low, step = decimal(self.low), decimal(self.step)
        if self.log:
            return _EXACT.multiply(low, _EXACT.power(step, index)).normalize(_EXACT)
        return _EXACT.add(low, _EXACT.multiply(step, Decimal(index)))

    def value(self, index: int) -> float:
        """The point at `index`, 0 to n - 1."""
        return min(float(self._point(index)), self.high)

    def index(self, value: float) -> int | None:
        """The index of `value`, or None if no point is within a millionth of a step."""
        if self.log:
            exact = math.log(value / self.low) / math.log(self.step) if value > 0 else -1.0
        else:
            exact = (value - self.low) / self.step
        if not -0.5 < exact < self.n - 0.5:
            return None
        index = round(exact)
        return index if abs(exact - index) <= 1e-6 else None


def _count(n: int) -> str:
    return str(n) if n < 10**15 else f"about {Decimal(n):.1e}"
