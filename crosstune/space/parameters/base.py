"""The base class of parameters, which are frozen and validated when made.

`coordinate` is the number that an engine draws (None for a parameter with a single value, which
engines do not search), `decode` turns it into the user's value, and `encode` turns a value back.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, MISSING, dataclass, field, fields
from typing import Any, ClassVar, TypeAlias

import numpy as np

from crosstune.errors import SpecError, shortened
from crosstune.space.coordinates import Continuous, Coordinate, Index, LogInteger
from crosstune.system.scalars import PLAIN, plain

Scalar: TypeAlias = bool | int | float | str | None
Condition: TypeAlias = Mapping[str, Scalar | Sequence[Scalar]]


def same(a: object, b: object) -> bool:
    """Whether two scalars are equal and of the same type (1, True and 1.0 differ)."""
    return type(a) is type(b) and a == b


@dataclass(frozen=True)
class Parameter(ABC):
    """One dimension of a space.

    Args:
        when: parents, with the value or values of each for which this parameter is active. With
            several parents, all conditions have to hold. None or empty: always active.
    """

    type: ClassVar[str]
    can_be_parent: ClassVar[bool] = False
    _: KW_ONLY
    when: Condition = field(default_factory=dict)

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if type(value) not in PLAIN:
                object.__setattr__(self, item.name, plain(value))
        object.__setattr__(self, "when", _condition(self.when))
        self._check()

    @abstractmethod
    def _check(self) -> None:
        """Raise a SpecError for invalid arguments."""

    @property
    @abstractmethod
    def coordinate(self) -> Coordinate | None:
        """The number that an engine draws; None for a single value."""

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
        return self.when  # type: ignore[return-value]  # converted by __post_init__

    @property
    def only(self) -> Scalar:
        """The value of a parameter with a single value."""
        return self.decode(0)

    def contains(self, value: object) -> bool:
        """Whether the parameter can take this value."""
        try:
            self.encode(plain(value))
        except SpecError:
            return False
        return True

    def sample(self, rng: np.random.Generator) -> Scalar:
        """One draw from the reference prior, which every engine has to match."""
        coordinate = self.coordinate
        return self.only if coordinate is None else self.decode(coordinate.sample(rng))

    def grid_points(self, points: int) -> list[float]:
        """The coordinates for a grid search: one per value of a finite range, else quantiles.

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
        """The values of a finite range whose coordinate is a quantile; None for other ranges."""
        return None

    def to_dict(self) -> dict[str, Any]:
        """The mapping in a spec file, without values at their default."""
        form: dict[str, Any] = {"type": self.type}
        for name, default in defaults(type(self)).items():
            value = getattr(self, name)
            is_default = type(value) is type(default) and value == default
            if name != "when" and not is_default:
                form[name] = list(value) if isinstance(value, tuple) else value
        if self.when:
            form["when"] = {
                parent: values[0] if len(values) == 1 else list(values)
                for parent, values in self.parents.items()
            }
        return form

    def _outside(self, value: object) -> SpecError:
        limits = {k: v for k, v in self.to_dict().items() if k not in ("type", "when")}
        text = ", ".join(f"{k}: {shown(v)}" for k, v in limits.items())
        range_ = f" ({text})" if text else ""
        return SpecError(f"{shown(value)} is not in the range of this {self.type}{range_}")


def defaults(cls: type[Parameter]) -> dict[str, Any]:
    """Each key of a type with its default, MISSING for required keys."""
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


def shown(value: object) -> str:
    """The JSON form of a value, shortened for a message."""
    try:
        text = json.dumps(value)
    except Exception:  # the value's methods may raise anything
        try:
            text = repr(value)
        except ValueError:  # an integer of thousands of digits
            text = f"a {type(value).__name__} that is too long to show"
        except Exception:
            text = f"a {type(value).__name__} that cannot be shown"
    return shortened(text)
