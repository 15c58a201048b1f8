"""Spaces as Keras Tuner's documentation would write them, for people who migrate."""

from __future__ import annotations

import contextlib

from crosstune.adapters.keras_tuner.library import keras_tuner
from crosstune.engines.compiled import minimal
from crosstune.errors import Unsupported
from crosstune.space.parameters import Bool, Choice, Constant, Float, Int, Normal, Parameter, Scalar
from crosstune.space.space import Space


def literal(space: Space) -> keras_tuner.HyperParameters:
    """`HyperParameters` made by `hp.Float`, `hp.Int` ... in nested conditional scopes.

    Raises:
        Unsupported: Keras Tuner has no such construct, with the reason.
    """
    native = keras_tuner.HyperParameters()
    conditions = minimal(space.conditions)
    scopes: dict[str, list[tuple[str, list[Scalar]]]] = {}
    for name, item in space.items():
        if len(conditions[name]) > 1:
            raise _none(name, item, "conditional_scope nests under one parent, and it has two")
        scopes[name] = []
        for parent, raws in conditions[name].items():
            values = [space[parent].decode(raw) for raw in sorted(raws)]
            scopes[name] = [*scopes[parent], (parent, values)]
        with contextlib.ExitStack() as stack:
            for parent, values in scopes[name]:
                stack.enter_context(native.conditional_scope(parent, values))
            _declare(native, name, item)
    return native


def _declare(native: keras_tuner.HyperParameters, name: str, item: Parameter) -> None:
    match item:
        case Constant(value) if value is None:
            raise _none(name, item, "hp.Fixed holds no null")
        case Constant(value):
            native.Fixed(name, value)
        case Bool():
            native.Boolean(name)
        case Choice() if item.weights is not None:
            raise _none(name, item, "hp.Choice gives all values the same odds")
        case Choice(values) if len({type(value) for value in values}) > 1 or values[0] is None:
            raise _none(name, item, "hp.Choice holds values of one type, and no null")
        case Choice(values) if isinstance(values[0], bool):
            raise _none(name, item, "hp.Choice turns truth values into 1 and 0; make it a bool")
        case Choice(values):
            ordered = item.ordered if isinstance(values[0], int | float) else None
            native.Choice(name, list(values), ordered=ordered)
        case Int(low, high, step=step) if step is not None and not float(step).is_integer():
            raise _none(name, item, "the step of hp.Int is an integer")
        case Int(low, high, log=log) | Float(low, high, log=log):
            make = native.Int if isinstance(item, Int) else native.Float
            step = None if low == high else item.step
            make(name, low, high, step=step, sampling="log" if log else "linear")
        case Normal():
            raise _none(name, item, "it has no normal distribution")


def _none(name: str, item: Parameter, reason: str) -> Unsupported:
    return Unsupported(
        f"keras_tuner has no literal form of {name!r} ({item.type}): {reason}. Use exact mode"
    )


def notes(item: Parameter, mode: str) -> tuple[str, ...]:
    """Differences that the law does not show."""
    if not isinstance(item, Choice):
        return ()
    if item.ordered and mode == "literal" and not isinstance(item.values[0], int | float):
        return ("the order is lost: hp.Choice orders numbers only",)
    if not item.ordered and item.weights is None and len(item.values) > 2:
        return ("the bayesian oracle sees an order: Keras Tuner has no unordered type",)
    return ()
