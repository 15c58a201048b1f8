"""Converts between Hyperopt's draw under a label and the value in the study."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from crosstune.adapters.hyperopt.labels import Label
from crosstune.adapters.hyperopt.laws import arguments, by_position
from crosstune.space.grid import decimal
from crosstune.space.parameters import Choice, Normal, Parameter, Scalar


@dataclass(frozen=True)
class Codec:
    """The conversion of one label.

    Attributes:
        names: of the options of a choice, which draws a position.
        q: the draw is a multiple of it; None for any number.
        span: the ends of a range whose draws go through `int`.
    """

    item: Parameter
    names: list[Scalar] | None = None
    ours: bool = False
    integer: bool = False
    q: float | None = None
    whole: bool = False
    span: tuple[float, float] = (0.0, 0.0)

    @classmethod
    def of(cls, label: Label, item: Parameter) -> Codec:
        """The codec of a label whose parameter is `item`."""
        kind = label.node.name
        if label.item is not None:
            return cls(item, ours=True, integer=kind in ("randint", "categorical"))
        if label.naming is not None and by_position(label):
            return cls(item, names=label.naming[2])
        if kind in ("randint", "categorical"):
            return cls(item, integer=True)
        numbers = arguments(label)
        span = (numbers.get("low", 0.0), numbers.get("high", 0.0))
        return cls(item, q=numbers.get("q"), whole=label.whole, span=span)

    def value(self, raw: Any) -> Scalar:
        """The value in the study of a draw."""
        if self.names is not None:
            return self.names[int(raw)]
        if self.ours:
            return self.item.decode(raw)
        if self.integer:
            return int(raw)
        value: int | float = float(raw)
        if self.q is not None:
            exact = decimal(self.q) * Decimal(round(raw / self.q))
            value = int(exact) if self.whole else float(exact)
        elif self.whole:
            value = int(raw)
        return value if self.item.contains(value) else _nearest(self.item, value)

    def draws(self, raw: Any) -> bool:
        """True if the label can draw this number; `value` maps any other to the nearest value."""
        if self.names is not None:
            return bool(0 <= raw < len(self.names))
        if self.ours:
            return self.item.coordinate is None or self.item.coordinate.contains(raw)
        if self.integer:
            return self.item.contains(raw)
        if isinstance(self.item, Normal):
            return math.isfinite(raw)
        slack = self.q or (1 if self.whole else 1e-9 * max(abs(raw), 1e-300))
        return bool(abs(float(_nearest(self.item, float(raw))) - raw) <= slack)  # type: ignore[arg-type]

    def raw(self, value: Scalar) -> Any:
        """The draw of a value, in Hyperopt's own arithmetic."""
        if self.names is not None:
            return _index(self.names, value)
        if self.ours:
            raw = self.item.encode(value)
            return int(raw) if self.integer else float(raw)
        if self.integer:
            return int(value)  # type: ignore[arg-type]
        number = float(value)  # type: ignore[arg-type]
        if self.q is None:
            if not self.whole:
                return number
            low, high = self.span
            return (max(low, number) + min(high, number + 1)) / 2
        steps = number / self.q
        # As in the library, where a multiple of q is not the decimal number: 3 * 0.1 is above 0.3.
        return float(math.ceil(steps - 1e-9) if self.whole else round(steps)) * self.q


def _nearest(item: Parameter, value: float) -> Scalar:
    """The nearest value of a parameter: a rounded end, or the cut of a normal."""
    if isinstance(item, Choice):
        return min(item.values, key=lambda option: abs(option - value))  # type: ignore[operator]
    low, high = item.bounds if isinstance(item, Normal) else (item.low, item.high)  # type: ignore[attr-defined]
    return type(value)(min(max(value, low), high))


def _index(names: list[Scalar], value: Scalar) -> int:
    return next(i for i, name in enumerate(names) if type(name) is type(value) and name == value)
