"""Spaces as `HyperParameters` in exact mode, and the conversion of their values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from crosstune.adapters.keras_tuner.library import keras_tuner, kinds
from crosstune.adapters.keras_tuner.private import Parent
from crosstune.errors import Unsupported
from crosstune.space.coordinates import Continuous, Index, LogInteger
from crosstune.space.parameters import Bool, Choice, Float, Parameter
from crosstune.space.space import Params, Space

_COMPILED_FROM = "compiled_from"
"""The attribute of `HyperParameters` that holds the space and the mode they were compiled from.

A native object does not distinguish an index from an integer. Copies do not have the attribute."""


def remember(
    native: keras_tuner.HyperParameters, space: Space, mode: str
) -> keras_tuner.HyperParameters:
    """The same object, with its space and mode attached.

    Args:
        native: is changed.
        space: that it was compiled from.
        mode: of `Adapter.compile`.
    """
    setattr(native, _COMPILED_FROM, (space, mode))
    return native


def compiled_from(
    native: keras_tuner.HyperParameters, compile: Callable[..., keras_tuner.HyperParameters]
) -> Space | None:
    """The space that an object was compiled from; None if unknown or the object was changed."""
    if not hasattr(native, _COMPILED_FROM):
        return None
    space: Space
    space, mode = getattr(native, _COMPILED_FROM)
    return space if _configs(native) == _configs(compile(space, mode=mode)) else None


def _configs(native: keras_tuner.HyperParameters) -> list[Any]:
    return [(type(construct), construct.get_config()) for construct in native.space]


def exact(space: Space) -> keras_tuner.HyperParameters:
    """Each searched parameter, in the order of the space.

    Raises:
        Unsupported: a condition on a parameter that is a float in Keras Tuner.
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
    """Keras Tuner's value for a coordinate."""
    if isinstance(item, Bool) or _of_one_type(item):
        return item.decode(raw)
    return raw


def point_of(space: Space, drawn: Mapping[str, Any]) -> Params:
    """The point of a space for Keras Tuner's values."""
    params: Params = {}
    for name, item in space.items():
        if space.is_active(name, params):
            searched = item.coordinate is not None
            params[name] = decode(item, drawn[name]) if searched else item.only
    return params


def decode(item: Parameter, drawn: Any) -> Any:
    """The parameter's value for Keras Tuner's."""
    if isinstance(item, Bool) or _of_one_type(item):
        return item.decode(item.encode(drawn))
    if isinstance(item, Float) and item.grid is None:
        return item.decode(float(drawn))
    return item.decode(drawn)
