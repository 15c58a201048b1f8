"""Spaces as `HyperParameters` in exact mode, and the way between their values and the spec's."""

from __future__ import annotations

from typing import Any

from crosstune.adapters.keras_tuner.library import Parent, keras_tuner, kinds
from crosstune.errors import Unsupported
from crosstune.space.coordinates import Continuous, Index, LogInteger
from crosstune.space.parameters import Bool, Choice, Float, Parameter
from crosstune.space.space import Space


def exact(space: Space) -> keras_tuner.HyperParameters:
    """Each searched parameter, in the order of the space.

    Raises:
        Unsupported: a condition on what is a float to Keras Tuner.
    """
    native = keras_tuner.HyperParameters()
    for name, item in space.searched.items():
        conditions = []
        for parent, allowed in space.conditions[name].items():
            rounded = {LogInteger: "an integer on a log scale", Continuous: "weighted"}
            kind = rounded.get(type(space[parent].coordinate))
            if kind is not None:
                raise Unsupported(
                    f"keras_tuner cannot search {name!r}: its conditions are equalities, "
                    f"and {parent!r} is {kind}, which is a float there. Make the parent a "
                    "plain choice, or drop its log or weights"
                )
            values = [encode(space[parent], raw) for raw in sorted(allowed)]
            conditions.append(Parent(parent, values))
        native.merge([_construct(name, item, conditions)])
    return native


def _construct(name: str, item: Parameter, conditions: list[Parent]) -> Any:
    """The hyperparameter with a parameter's values and prior."""
    match item.coordinate:
        case Continuous(low, high, log):
            sampling = "log" if log else "linear"
            return kinds.Float(name, low, high, sampling=sampling, conditions=conditions)
        case LogInteger(low, high):
            return kinds.Float(name, low - 0.5, high + 0.5, sampling="log", conditions=conditions)
        case Index() if isinstance(item, Bool):
            return kinds.Boolean(name, conditions=conditions)
        case Index() if isinstance(item, Choice) and _of_one_type(item):
            return kinds.Choice(name, list(item.values), conditions=conditions)
        case Index(n):
            return kinds.Int(name, 0, n - 1, conditions=conditions)
    raise AssertionError(item)


def _of_one_type(item: Parameter) -> bool:
    return (
        isinstance(item, Choice)
        and item.weights is None
        and {type(value) for value in item.values} in ({str}, {int}, {float})
    )


def encode(item: Parameter, raw: float) -> Any:
    """The value inside Keras Tuner of a coordinate."""
    if isinstance(item, Bool) or _of_one_type(item):
        return item.decode(raw)
    return raw


def decode(item: Parameter, drawn: Any) -> Any:
    """The parameter's value of what Keras Tuner drew."""
    if isinstance(item, Bool) or _of_one_type(item):
        return item.decode(item.encode(drawn))
    if isinstance(item, Float) and item.grid is None:
        return item.decode(float(drawn))
    return item.decode(drawn)
