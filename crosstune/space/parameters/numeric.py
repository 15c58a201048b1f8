"""Ranges of numbers: floats and integers, linear and logarithmic, with and without steps."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import ClassVar

from crosstune.errors import SpecError
from crosstune.space.coordinates import Continuous, Coordinate, Index, LogInteger
from crosstune.space.grid import Grid
from crosstune.space.parameters.base import Parameter
from crosstune.space.parameters.checks import check_range, finite, integer, is_number

MAX_INT = 2**53
"""The largest integer bound: up to here doubles, and so all engines, are exact."""


@dataclass(frozen=True)
class Float(Parameter):
    """A real number from `low` to `high`, both included.

    Args:
        low, high: bounds in natural units.
        log: log(x) is uniform instead of x; needs low > 0.
        step: distance between neighbours, counted from `low`; with `log`, their ratio. The
            steps have to reach `high`.

    >>> Float(1e-5, 1e-1, log=True).contains(1e-5)
    True
    """

    type: ClassVar[str] = "float"
    low: float
    high: float
    _: KW_ONLY
    log: bool = False
    step: float | None = None

    def _check(self) -> None:
        for key in ("low", "high"):
            object.__setattr__(self, key, float(finite(getattr(self, key), key)))
        check_range(self.low, self.high, self.log, self.step)
        if self.step is not None:
            object.__setattr__(self, "step", float(self.step))
        _ = self.grid

    @cached_property
    def grid(self) -> Grid | None:
        """The points of a stepped range."""
        if self.step is None or self.low == self.high:
            return None
        return Grid(self.low, self.high, self.step, self.log)

    @cached_property
    def coordinate(self) -> Coordinate | None:
        """An index into the grid of a stepped range; for other ranges the number itself."""
        if self.low == self.high:
            return None
        return Index(self.grid.n) if self.grid else Continuous(self.low, self.high, self.log)

    def decode(self, raw: float) -> float:
        """The number at a coordinate."""
        if self.low == self.high:
            return self.low
        if self.grid:
            return self.grid.value(Index(self.grid.n).clip(raw))
        return min(max(float(raw), self.low), self.high)

    def encode(self, value: object) -> float:
        """The coordinate of a number."""
        if not is_number(value) or not self.low <= value <= self.high:
            raise self._outside(value)
        if self.grid is None:
            return float(value)
        index = self.grid.index(float(value))
        if index is None:
            raise self._outside(value)
        return index


@dataclass(frozen=True)
class Int(Parameter):
    """An integer from `low` to `high`, both included.

    Args:
        low, high: bounds.
        log: log-uniform on [low - 1/2, high + 1/2], rounded; needs low >= 1.
        step: distance between neighbours, counted from `low`; with `log`, their ratio, and
            every number on the way has to be an integer. The steps have to reach `high`.

    >>> Int(16, 64, step=16).contains(48)
    True
    """

    type: ClassVar[str] = "int"
    can_be_parent: ClassVar[bool] = True
    low: int
    high: int
    _: KW_ONLY
    log: bool = False
    step: float | None = None

    def _check(self) -> None:
        for key in ("low", "high"):
            if abs(integer(getattr(self, key), key)) > MAX_INT:
                raise SpecError(f"{getattr(self, key)} is beyond 2**53", (key,))
        check_range(self.low, self.high, self.log, self.step)
        if self.step is not None and not self.log:
            integer(self.step, "step")
            if (self.high - self.low) % int(self.step):
                below = self.high - (self.high - self.low) % int(self.step)
                raise SpecError(
                    f"step {self.step} does not reach the upper bound: from {self.low} it gives "
                    f"{below} or {below + int(self.step)}, not {self.high}. Both ends belong to "
                    "the range",
                    ("step",),
                )
        if self.grid:
            if self.grid.n > 64:
                raise SpecError(f"step {self.step!r} makes {self.grid.n} values", ("step",))
            for value in map(self.grid.value, range(self.grid.n)):
                if value != int(value):
                    raise SpecError(
                        f"step {self.step!r} as a factor gives {value!r}, which is no integer. "
                        "Use a factor that keeps integers, a choice, or no step",
                        ("step",),
                    )

    @cached_property
    def grid(self) -> Grid | None:
        """The points of a range with log and step."""
        if self.step is None or not self.log or self.low == self.high:
            return None
        return Grid(self.low, self.high, self.step, log=True)

    @cached_property
    def coordinate(self) -> Coordinate | None:
        """An index; on a log scale without steps the number itself."""
        if self.low == self.high:
            return None
        if self.grid:
            return Index(self.grid.n)
        if self.log:
            return LogInteger(self.low, self.high)
        return Index((self.high - self.low) // self._stride + 1)

    @property
    def _stride(self) -> int:
        return int(self.step or 1)

    def decode(self, raw: float) -> int:
        """The integer at a coordinate."""
        coordinate = self.coordinate
        if coordinate is None:
            return self.low
        if isinstance(coordinate, LogInteger):
            return coordinate.clip(raw)
        index = int(coordinate.clip(raw))
        return int(self.grid.value(index)) if self.grid else self.low + index * self._stride

    def encode(self, value: object) -> float:
        """The coordinate of an integer."""
        if not is_number(value) or value != int(value):
            raise self._outside(value)
        number = int(value)
        if not self.low <= number <= self.high:
            raise self._outside(value)
        if self.grid:
            index = self.grid.index(number)
            if index is None:
                raise self._outside(value)
            return index
        if self.log:
            return number
        if (number - self.low) % self._stride:
            raise self._outside(value)
        return (number - self.low) // self._stride
