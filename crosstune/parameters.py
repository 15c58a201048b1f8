"""The types of parameter that a space can hold.

A parameter is a frozen value, checked when it is made. `coordinate` is what an engine draws
(None for a parameter with a single value, which no engine is asked about), `decode` turns it
into the user's value and `encode` turns a value back.
"""

from __future__ import annotations

import bisect
import itertools
import json
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, MISSING, dataclass, field, fields
from functools import cached_property
from statistics import NormalDist
from typing import Any, ClassVar, TypeAlias, TypeGuard

import numpy as np

from crosstune.coordinates import Continuous, Coordinate, Index, LogInteger
from crosstune.errors import SpecError, no_such
from crosstune.grid import Grid

Scalar: TypeAlias = bool | int | float | str | None
Condition: TypeAlias = Mapping[str, Scalar | Sequence[Scalar]]

MAX_INT = 2**53
"""The largest integer bound: what a double, and so every engine, holds exactly."""

TAIL = 1e-9
"""An unbounded normal is cut at the quantiles TAIL and 1 - TAIL, on every engine."""


def same(a: object, b: object) -> bool:
    """Whether two scalars are the same value of the same type (1, True and 1.0 are three)."""
    return type(a) is type(b) and a == b


@dataclass(frozen=True)
class Parameter(ABC):
    """One dimension of a space.

    Args:
        when: parents and the value, or values, of each for which this parameter is active.
            Several parents all have to agree. None or empty: always active.
    """

    type: ClassVar[str]
    can_be_parent: ClassVar[bool] = False
    _: KW_ONLY
    when: Condition = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "when", _condition(self.when))
        self._check()

    @abstractmethod
    def _check(self) -> None:
        """Raise a SpecError for arguments that cannot be right."""

    @property
    @abstractmethod
    def coordinate(self) -> Coordinate | None:
        """What an engine draws; None when there is a single value."""

    @abstractmethod
    def decode(self, raw: float) -> Scalar:
        """The value at a coordinate."""

    @abstractmethod
    def encode(self, value: object) -> float:
        """The coordinate of a value.

        Raises:
            SpecError: the value is not in the range.
        """

    @property
    def parents(self) -> Mapping[str, tuple[Scalar, ...]]:
        """The condition, as each parent with the tuple of its values."""
        return self.when  # type: ignore[return-value]  # so since __post_init__

    @property
    def only(self) -> Scalar:
        """The value of a parameter that has a single one."""
        return self.decode(0)

    def contains(self, value: object) -> bool:
        """Whether the parameter can take this value."""
        try:
            self.encode(value)
        except SpecError:
            return False
        return True

    def sample(self, rng: np.random.Generator) -> Scalar:
        """One draw from the reference prior, the one that every engine is held to."""
        coordinate = self.coordinate
        return self.only if coordinate is None else self.decode(coordinate.sample(rng))

    def grid_points(self, points: int) -> list[float]:
        """The coordinates that a grid search takes: one for each value of a finite range, else
        quantiles.

        The quantiles are the middles of `points` equal shares of the prior, without repeats.
        """
        finite = self._finite_values()
        if finite is not None:
            return [self.encode(value) for value in finite]
        match self.coordinate:
            case None:
                return [0]
            case Index(n):
                return list(range(n))
            case LogInteger(low, high) as scale if scale.n <= points:
                return list(range(low, high + 1))
            case Continuous() | LogInteger() as scale:
                middles = (scale.quantile((i + 0.5) / points) for i in range(points))
                return list(dict.fromkeys(middles))
        raise AssertionError(self)

    def _finite_values(self) -> Sequence[Scalar] | None:
        """The values of a finite range whose coordinate is a quantile; else None."""
        return None

    def to_dict(self) -> dict[str, Any]:
        """The form in which a spec file holds it; what is at its default is left out."""
        plain: dict[str, Any] = {"type": self.type}
        for name, default in _defaults(type(self)).items():
            value = getattr(self, name)
            if name != "when" and not same(value, default):
                plain[name] = list(value) if isinstance(value, tuple) else value
        if self.when:
            plain["when"] = {
                parent: values[0] if len(values) == 1 else list(values)
                for parent, values in self.parents.items()
            }
        return plain

    def _outside(self, value: object) -> SpecError:
        held = {k: v for k, v in self.to_dict().items() if k not in ("type", "when")}
        text = ", ".join(f"{k}: {shown(v)}" for k, v in held.items())
        return SpecError(f"{shown(value)} is not in the range of this {self.type} ({text})")


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
            object.__setattr__(self, key, float(_finite(getattr(self, key), key)))
        _check_range(self.low, self.high, self.log, self.step)
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
        """An index into the grid of a stepped range, else the number itself."""
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
        if not _is_number(value) or not self.low <= value <= self.high:
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
            if abs(_integer(getattr(self, key), key)) > MAX_INT:
                raise SpecError(f"{getattr(self, key)} is beyond 2**53", (key,))
        _check_range(self.low, self.high, self.log, self.step)
        if self.step is not None and not self.log:
            _integer(self.step, "step")
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
        """An index, but the number itself on a log scale without steps."""
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
        if not _is_number(value) or value != int(value):
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


@dataclass(frozen=True)
class Choice(Parameter):
    """One of several values: strings, numbers, booleans or null, mixed as you like.

    Args:
        values: at least one; no two the same (1, 1.0 and true count as different).
        ordered: near values are alike, so engines model the position instead of a set.
        weights: the odds of each value, summing to 1. None: equal odds.

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
        _boolean(self.ordered, "ordered")
        object.__setattr__(self, "values", tuple(self.values))
        if self.weights is not None:
            object.__setattr__(self, "weights", self._checked_weights(self.weights))

    def _checked_weights(self, weights: object) -> tuple[float, ...]:
        if isinstance(weights, str) or not isinstance(weights, Sequence):
            raise SpecError(f"a list of numbers is needed, not {shown(weights)}", ("weights",))
        if len(weights) != len(self.values):
            raise SpecError(f"{len(weights)} weights for {len(self.values)} values", ("weights",))
        numbers = tuple(float(_finite(w, "weights")) for w in weights)
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
        """An index; with weights a number in [0, 1], cut into one interval a value."""
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
            # 1.0 for 1 comes back from files and from other programs.
            equal = [i for i, v in enumerate(self.values) if v == value]
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
    """One fixed value, handed to the objective with the others.

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
        """None: there is nothing to draw."""
        return

    def decode(self, raw: float) -> Scalar:
        """The value."""
        return self.value

    def encode(self, value: object) -> float:
        """0."""
        if not same(value, self.value) and (isinstance(value, bool) or value != self.value):
            raise self._outside(value)
        return 0


@dataclass(frozen=True)
class Normal(Parameter):
    """A normally distributed number, cut to [low, high].

    Args:
        mu, sigma: mean and standard deviation before the cut; sigma > 0.
        low, high: bounds; a side left out is cut at the quantile 1e-9 or 1 - 1e-9.
        step: the number is rounded to a multiple of `step`, counted from `low` if given.

    Its coordinate is the quantile, a number in [0, 1], on every engine.

    >>> Normal(0.0, 1.0).bounds
    (-5.9978..., 5.9978...)
    """

    type: ClassVar[str] = "normal"
    mu: float
    sigma: float
    _: KW_ONLY
    low: float | None = None
    high: float | None = None
    step: float | None = None

    def _check(self) -> None:
        for key in ("mu", "sigma", "low", "high", "step"):
            value = getattr(self, key)
            if value is not None or key in ("mu", "sigma"):
                object.__setattr__(self, key, float(_finite(value, key)))
        if self.sigma <= 0:
            raise SpecError(f"sigma has to be above 0, not {self.sigma!r}", ("sigma",))
        if self.step is not None and self.step <= 0:
            raise SpecError(f"a step has to be above 0, not {self.step!r}", ("step",))
        low, high = self.bounds
        if low >= high:
            raise SpecError(
                f"the cut leaves nothing: low {low!r} is not below high {high!r}", ("low",)
            )
        if self._share <= 0:
            raise SpecError(
                f"the normal with mean {self.mu!r} and deviation {self.sigma!r} has no mass "
                f"between {low!r} and {high!r}",
                ("low",),
            )
        _ = self.grid

    def _normal(self, x: float) -> float:
        """The normally distributed number behind the value `x`."""
        return x

    def _value(self, z: float) -> float:
        """The value behind a normally distributed number."""
        return z

    @cached_property
    def bounds(self) -> tuple[float, float]:
        """The smallest and the largest value."""
        base = NormalDist(self.mu, self.sigma)
        low = self._value(base.inv_cdf(TAIL)) if self.low is None else self.low
        high = self._value(base.inv_cdf(1 - TAIL)) if self.high is None else self.high
        if self.step is not None:
            if self.low is None:
                start = 0.0 if self.high is None else self.high
                low = start + math.ceil((low - start) / self.step) * self.step
                low = float(repr(round(low, 12)))
            if self.high is None:
                high = low + math.floor((high - low) / self.step) * self.step
                high = float(repr(round(high, 12)))
        return low, high

    @cached_property
    def grid(self) -> Grid | None:
        """The points of a stepped range."""
        return None if self.step is None else Grid(*self.bounds, self.step)

    def _finite_values(self) -> Sequence[Scalar] | None:
        return None if self.grid is None else [self.grid.value(i) for i in range(self.grid.n)]

    @cached_property
    def _cut(self) -> tuple[float, float, float]:
        """Sign and cumulative shares at the ends; mirrored where that keeps more digits."""
        low, high = self.bounds
        if self.step is not None:
            low, high = self._widened(low, high)
        z = [(self._normal(x) - self.mu) / self.sigma for x in (low, high)]
        if z[0] > 0:
            return -1.0, NormalDist().cdf(-z[1]), NormalDist().cdf(-z[0])
        return 1.0, NormalDist().cdf(z[0]), NormalDist().cdf(z[1])

    def _widened(self, low: float, high: float) -> tuple[float, float]:
        half = (self.step or 0.0) / 2
        return low - half, high + half

    @property
    def _share(self) -> float:
        _, low, high = self._cut
        return high - low

    @property
    def coordinate(self) -> Coordinate:
        """The quantile, in [0, 1]."""
        return Continuous(0.0, 1.0)

    def decode(self, raw: float) -> float:
        """The number at a quantile."""
        sign, low, high = self._cut
        u = raw if sign > 0 else 1 - raw
        share = min(max(low + u * (high - low), math.ulp(0.0)), 1 - 2**-53)
        x = self._value(self.mu + sign * self.sigma * NormalDist().inv_cdf(share))
        if self.grid:
            return self.grid.value(Index(self.grid.n).clip((x - self.grid.low) / self.grid.step))
        return min(max(x, self.bounds[0]), self.bounds[1])

    def encode(self, value: object) -> float:
        """The quantile of a number."""
        low, high = self.bounds
        if not _is_number(value) or not low <= value <= high:
            raise self._outside(value)
        x = float(value)
        if self.grid and self.grid.index(x) is None:
            raise self._outside(value)
        sign, start, end = self._cut
        share = NormalDist().cdf(sign * (self._normal(x) - self.mu) / self.sigma)
        u = min(max((share - start) / (end - start), 0.0), 1.0)
        return u if sign > 0 else 1 - u


@dataclass(frozen=True)
class LogNormal(Normal):
    """A number whose natural logarithm is normally distributed, cut to [low, high].

    Args:
        mu, sigma: mean and standard deviation of the logarithm; sigma > 0.
        low, high: bounds in natural units, above 0.
        step: the number is rounded to a multiple of `step`, counted from `low` if given.

    >>> LogNormal(-9.0, 2.0).contains(1e-4)
    True
    """

    type: ClassVar[str] = "lognormal"

    def _check(self) -> None:
        for key in ("low", "high"):
            value = getattr(self, key)
            if value is not None and _finite(value, key) <= 0:
                raise SpecError(f"a lognormal is above 0, so {key} cannot be {value!r}", (key,))
        super()._check()

    def _normal(self, x: float) -> float:
        return math.log(x) if x > 0 else -math.inf

    def _value(self, z: float) -> float:
        return math.exp(min(z, 709.0))


TYPES: dict[str, type[Parameter]] = {
    cls.type: cls for cls in (Float, Int, Choice, Bool, Normal, LogNormal, Constant)
}


def parameter(plain: object) -> Parameter:
    """A parameter from the form in which a spec file holds it.

    >>> parameter({"type": "int", "low": 1, "high": 4})
    Int(when={}, low=1, high=4, log=False, step=None)
    """
    if isinstance(plain, Parameter):
        return plain
    if not isinstance(plain, Mapping):
        raise SpecError(
            f"a parameter is a mapping such as {{type: float, low: 0, high: 1}}, not {shown(plain)}"
        )
    if "type" not in plain:
        raise SpecError(f"the type is missing. Known: {', '.join(sorted(TYPES))}")
    kind = plain["type"]
    if not isinstance(kind, str) or kind not in TYPES:
        raise SpecError(no_such("type", kind, TYPES), ("type",))
    cls = TYPES[kind]
    defaults = _defaults(cls)
    for key in plain:
        if key != "type" and key not in defaults:
            raise SpecError(no_such(f"key in {_a(kind)}:", key, defaults), (str(key),))
    needed = [key for key, default in defaults.items() if default is MISSING]
    for key in needed:
        if key not in plain:
            raise SpecError(f"{key!r} is missing: {_a(kind)} needs {' and '.join(needed)}")
    return cls(**{key: value for key, value in plain.items() if key != "type"})


def _defaults(cls: type[Parameter]) -> dict[str, Any]:
    """Each key of a type with its default, MISSING for the ones that have to be given."""
    return {
        item.name: {} if item.default_factory is not MISSING else item.default
        for item in fields(cls)
    }


def _condition(when: object) -> dict[str, tuple[Scalar, ...]]:
    if when is None:
        return {}
    if not isinstance(when, Mapping):
        raise SpecError(
            f"a condition maps a parent to its value or values, such as {{optimizer: sgd}}, "
            f"not {shown(when)}",
            ("when",),
        )
    condition: dict[str, tuple[Scalar, ...]] = {}
    for parent, values in when.items():
        listed = tuple(values) if isinstance(values, list | tuple) else (values,)
        if not listed:
            raise SpecError(f"no value of {parent!r} is left", ("when", str(parent)))
        condition[str(parent)] = listed
    return condition


def _check_range(low: float, high: float, log: object, step: object) -> None:
    _boolean(log, "log")
    if low > high:
        raise SpecError(f"high {high!r} is below low {low!r}", ("high",))
    if log and low <= 0:
        raise SpecError(f"a log scale needs low above 0, not {low!r}", ("low",))
    if step is not None:
        if _finite(step, "step") <= 0:
            raise SpecError(f"a step has to be above 0, not {step!r}", ("step",))
        if log and _finite(step, "step") <= 1:
            raise SpecError(
                f"on a log scale a step is a factor above 1 (2 gives 8, 16, 32), not {step!r}",
                ("step",),
            )


def _is_number(value: object) -> TypeGuard[float]:
    return (
        isinstance(value, int | float | np.integer | np.floating)
        and not isinstance(value, bool)
        and math.isfinite(value)
    )


def _finite(value: object, key: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise SpecError(f"a number is needed, not {shown(value)}", (key,))
    try:
        finite = math.isfinite(value)
    except OverflowError:
        finite = False
    if not finite:
        raise SpecError(f"a finite number is needed, not {shown(value)}", (key,))
    return value  # type: ignore[return-value]


def _integer(value: object, key: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise SpecError(f"an integer is needed, not {shown(value)}", (key,))
    return int(value)


def _boolean(value: object, key: str) -> None:
    if not isinstance(value, bool):
        raise SpecError(f"true or false is needed, not {shown(value)}", (key,))


def _a(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def shown(value: object) -> str:
    """A value as a spec file would hold it, shortened."""
    try:
        text = json.dumps(value)
    except (TypeError, ValueError):
        text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
