"""Parameters with listed values: choices, booleans and constants."""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from crosstune.errors import SpecError
from crosstune.space.coordinates import Continuous, Coordinate, Index
from crosstune.space.parameters.base import Parameter, Scalar, same, shown
from crosstune.space.parameters.checks import boolean, finite
from crosstune.system.scalars import plain


@dataclass(frozen=True)
class Choice(Parameter):
    """One of several values: strings, numbers, booleans or null, in any mix.

    Args:
        values: one or more distinct values (1, 1.0 and true are distinct).
        ordered: neighbouring values are similar, so engines model the position instead of a set.
        weights: the odds of each value, above 0 and summing to 1. None: equal odds.

    >>> Choice(["sgd", "adam", None]).contains(None)
    True
    """

    type: ClassVar[str] = "choice"
    can_be_parent: ClassVar[bool] = True
    values: Sequence[Scalar]
    _: KW_ONLY
    ordered: bool = False
    weights: Sequence[float] | None = None

    def _check(self) -> None:
        if isinstance(self.values, str) or not isinstance(self.values, Sequence):
            raise SpecError(f"a list of values is needed, not {shown(self.values)}", ("values",))
        if not self.values:
            raise SpecError("a choice needs at least one value", ("values",))
        seen: set[tuple[str, Scalar]] = set()
        for i, value in enumerate(self.values):
            if not isinstance(value, bool | int | float | str | None):
                raise SpecError(
                    f"{shown(value)} is no scalar. A choice holds strings, numbers, booleans and "
                    "null; name the value by a string and build it in the objective",
                    ("values", i),
                )
            if isinstance(value, float) and not math.isfinite(value):
                raise SpecError(f"{value!r} is not a finite number", ("values", i))
            if (type(value).__name__, value) in seen:
                raise SpecError(f"{shown(value)} is there twice", ("values", i))
            seen.add((type(value).__name__, value))
        boolean(self.ordered, "ordered")
        object.__setattr__(self, "values", tuple(self.values))
        if self.weights is not None:
            object.__setattr__(self, "weights", self._checked_weights(self.weights))

    def _checked_weights(self, weights: object) -> tuple[float, ...]:
        if isinstance(weights, str) or not isinstance(weights, Sequence):
            raise SpecError(f"a list of numbers is needed, not {shown(weights)}", ("weights",))
        if len(weights) != len(self.values):
            raise SpecError(f"{len(weights)} weights for {len(self.values)} values", ("weights",))
        numbers = tuple(float(finite(w, "weights")) for w in weights)
        if min(numbers) <= 0:
            raise SpecError(
                f"{min(numbers)!r} is not a weight above 0. Leave out a value that must not be "
                "drawn",
                ("weights",),
            )
        if abs(math.fsum(numbers) - 1) > 1e-6:
            raise SpecError(f"the weights sum to {math.fsum(numbers)!r}, not to 1", ("weights",))
        return numbers

    @cached_property
    def coordinate(self) -> Coordinate | None:
        """An index; with weights a number in [0, 1], with one interval per value."""
        if len(self.values) == 1:
            return None
        if self.weights is not None:
            return Continuous(0.0, 1.0)
        return Index(len(self.values), self.ordered)

    def _finite_values(self) -> Sequence[Scalar] | None:
        return None if self.weights is None or len(self.values) == 1 else self.values

    @cached_property
    def _edges(self) -> tuple[float, ...]:
        return tuple(itertools.accumulate(self.weights or ()))

    @cached_property
    def _position(self) -> dict[tuple[str, object], int]:
        return {(type(value).__name__, value): i for i, value in enumerate(self.values)}

    def decode(self, raw: float) -> Scalar:
        """The value at a coordinate."""
        if self.weights is not None and len(self.values) > 1:
            return self.values[bisect.bisect_right(self._edges[:-1], raw)]
        return self.values[int(raw)]

    def encode(self, value: object) -> float:
        """The coordinate of a value."""
        try:
            index = self._position.get((type(value).__name__, value))
        except TypeError:
            index = None
        if index is None:
            # Files and other programs may return 1.0 for 1.
            value = plain(value)
            is_scalar = isinstance(value, bool | int | float | str | None)
            equal = [i for i, v in enumerate(self.values) if is_scalar and v == value]
            if len(equal) != 1 or isinstance(value, bool) != isinstance(
                self.values[equal[0]], bool
            ):
                raise self._outside(value)
            index = equal[0]
        if self.weights is not None and len(self.values) > 1:
            return float(self._edges[index] - self.weights[index] / 2)
        return index


@dataclass(frozen=True)
class Bool(Parameter):
    """False or true.

    >>> Bool().contains(True)
    True
    """

    type: ClassVar[str] = "bool"
    can_be_parent: ClassVar[bool] = True
    _: KW_ONLY

    def _check(self) -> None:
        """Nothing to check."""

    @property
    def coordinate(self) -> Coordinate:
        """An index: 0 is False."""
        return Index(2, ordered=False)

    def decode(self, raw: float) -> bool:
        """The truth value at a coordinate."""
        return bool(raw)

    def encode(self, value: object) -> float:
        """The coordinate of a truth value."""
        if not isinstance(value, bool | np.bool_):
            raise self._outside(value)
        return int(value)


@dataclass(frozen=True)
class Constant(Parameter):
    """One fixed value, passed to the objective with the others.

    >>> Constant(100).only
    100
    """

    type: ClassVar[str] = "constant"
    can_be_parent: ClassVar[bool] = True
    value: Scalar
    _: KW_ONLY

    def _check(self) -> None:
        if not isinstance(self.value, bool | int | float | str | None):
            raise SpecError(f"{shown(self.value)} is no scalar", ("value",))
        if isinstance(self.value, float) and not math.isfinite(self.value):
            raise SpecError(f"{self.value!r} is not a finite number", ("value",))

    @property
    def coordinate(self) -> None:
        """None, since there is nothing to draw."""
        return

    def decode(self, raw: float) -> Scalar:
        """The value."""
        return self.value

    def encode(self, value: object) -> float:
        """0."""
        value = plain(value)
        is_scalar = isinstance(value, int | float | str | None) and not isinstance(value, bool)
        if not same(value, self.value) and (not is_scalar or value != self.value):
            raise self._outside(value)
        return 0
