"""Keras Tuner's own hyperparameters: what they draw, and spaces written in and read from them.

- `Float(step=...)` counts its values by a floor division in binary arithmetic, which is one too
  few for 0 to 1 by 0.1: the maximum is never drawn. It is read without it.
- `Int(sampling="log")` without a step is the floor of a log-uniform number in [min, max + 1), so
  its odds are not those of a rounded one. It is read as an int on a log scale, approximately.
- `Choice` holds one type: no null, and truth values turn into 1 and 0. `ordered` is kept, though
  no oracle looks at it.
- Conditions are equalities with values of parents. One name under two conditions loses its value
  in a trial, so it is refused.
- Defaults are not read: crosstune has start points instead.
"""

from __future__ import annotations

import contextlib
import dataclasses
import math
from collections import Counter
from decimal import Decimal
from typing import Any

from crosstune.adapters.keras_tuner.library import keras_tuner, kinds
from crosstune.engines.compiled import Condition, closed, minimal, when
from crosstune.errors import SpecError, Unsupported
from crosstune.space.coordinates import Index, LogInteger
from crosstune.space.grid import decimal
from crosstune.space.law_distance import distance
from crosstune.space.parameters import (
    Bool,
    Choice,
    Constant,
    Float,
    Int,
    Normal,
    Parameter,
    Scalar,
)
from crosstune.space.probability import Continuous, Discrete, Law, rounded
from crosstune.space.space import Space
from crosstune.space.verdicts import Verdict


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
    """What differs although the law may be the same."""
    if not isinstance(item, Choice):
        return ()
    if item.ordered and mode == "literal" and not isinstance(item.values[0], int | float):
        return ("the order is lost: hp.Choice orders numbers only",)
    if not item.ordered and item.weights is None and len(item.values) > 2:
        return ("the bayesian oracle sees an order: Keras Tuner has no unordered type",)
    return ()


def law_of(construct: Any) -> Law:
    """What `random_sample` draws from a hyperparameter."""
    match construct:
        case kinds.Fixed():
            return Discrete([construct.value], [1.0])
        case kinds.Boolean():
            return Discrete([False, True], [0.5, 0.5])
        case kinds.Choice():
            n = len(construct.values)
            return Discrete(list(construct.values), [1 / n] * n)
        case kinds.Int() | kinds.Float() if construct.sampling == "reverse_log":
            raise Unsupported(f"{construct.name!r} has reverse_log sampling, which has no law here")
        case kinds.Int() | kinds.Float() if construct.step is not None:
            return _stepped(construct)
        case kinds.Int(min_value=low, max_value=high):
            base = Continuous(low, high + 1, log=True)
            return rounded(base, 0, 1, low, high, whole=True, offset=0)
        case kinds.Float(min_value=low, max_value=high) if low == high:
            return Discrete([low], [1.0])
        case kinds.Float(min_value=low, max_value=high):
            return Continuous(low, high, log=construct.sampling == "log")
    raise Unsupported(f"no law is known of {construct!r}")


def _stepped(construct: Any) -> Law:
    n, whole = _n_values(construct), isinstance(construct, kinds.Int)
    low, step = construct.min_value, construct.step
    if construct.sampling == "linear":
        return rounded(None, low, step, 0, n - 1, whole=whole)
    points = [low * math.pow(step, i) for i in range(n)]
    return Discrete([int(x) if whole else x for x in points], [1 / n] * n)


def _n_values(construct: Any) -> int:
    """How many values Keras Tuner sees in a stepped range, in its own arithmetic."""
    low, high, step = construct.min_value, construct.max_value, construct.step
    if construct.sampling == "linear":
        return int((high - low) // step + 1)
    return int(math.log(high / low, step) + 1e-8) + 1


def read(native: keras_tuner.HyperParameters) -> Space:
    """The space behind `HyperParameters`.

    Raises:
        Unsupported: something has no parameter here, with its name and the reason.
    """
    return read_with_verdicts(native)[0]


def read_with_verdicts(
    native: keras_tuner.HyperParameters,
) -> tuple[Space, dict[str, Verdict]]:
    """The space behind `HyperParameters`, and how near each parameter is to its construct."""
    if not isinstance(native, keras_tuner.HyperParameters):
        raise Unsupported(
            f"keras_tuner.HyperParameters are needed, not {type(native).__name__}. A build "
            "function declares them: call it with an empty one first, then give that"
        )
    for name, times in Counter(held.name for held in native.space).items():
        if times > 1:
            raise Unsupported(
                f"{name!r} stands under {times} conditions, and Keras Tuner loses its value then. "
                "Give each a name of its own, or one condition with all values"
            )
    items = {held.name: _parameter(held) for held in native.space}
    conditions = closed({held.name: _condition(held, items) for held in native.space})
    conditions = minimal(
        {
            name: {p: raws for p, raws in held.items() if len(raws) < _size(items[p])}
            for name, held in conditions.items()
        }
    )
    try:
        space = Space(
            {
                name: dataclasses.replace(
                    item,
                    when=when(conditions[name], items, lambda p, raw: items[p].decode(raw)),
                )
                for name, item in items.items()
            }
        )
    except SpecError as error:
        raise Unsupported(f"the space cannot be held: {error}") from error
    verdicts = {
        held.name: Verdict.of(distance(law_of(held), items[held.name])) for held in native.space
    }
    return space, verdicts


def _condition(construct: Any, items: dict[str, Parameter]) -> Condition:
    found: Condition = {}
    for parent in construct.conditions:
        if parent.name not in items:
            raise Unsupported(f"{construct.name!r} depends on {parent.name!r}, which is not there")
        item = items[parent.name]
        if not item.can_be_parent:
            raise Unsupported(
                f"{construct.name!r} depends on {parent.name!r}, a {item.type}. Only a choice, a "
                "bool or an int can be a parent"
            )
        raws = frozenset(item.encode(value) for value in parent.values if item.contains(value))
        raws &= found.get(parent.name, raws)
        if not raws:
            raise Unsupported(
                f"{construct.name!r} is never there: {parent.name!r} cannot be {parent.values}"
            )
        found[parent.name] = raws
    return found


def _size(item: Parameter) -> int:
    """How many values a parent has."""
    coordinate = item.coordinate
    return coordinate.n if isinstance(coordinate, Index | LogInteger) else 1


def _parameter(held: Any) -> Parameter:
    try:
        match held:
            case kinds.Fixed():
                return Constant(held.value)
            case kinds.Boolean():
                return Bool()
            case kinds.Choice():
                return _choice(held)
            case kinds.Int() | kinds.Float() if held.sampling == "reverse_log":
                raise SpecError("reverse_log sampling has no parameter here")
            case kinds.Int() | kinds.Float():
                return _number(held)
    except SpecError as error:
        raise Unsupported(f"{held.name!r} ({held!r}) cannot be held: {error}") from error
    raise Unsupported(f"{held.name!r} is {held!r}, which has no parameter here")


def _choice(held: Any) -> Choice:
    counts = Counter(held.values)
    n = len(held.values)
    weights = None if len(counts) == n else [count / n for count in counts.values()]
    return Choice(list(counts), ordered=bool(held.ordered), weights=weights)


def _number(held: Any) -> Float | Int:
    low, high, step = held.min_value, held.max_value, held.step
    log = held.sampling == "log"
    if step is not None:
        last = _n_values(held) - 1
        grown = decimal(low) * decimal(step) ** last if log else decimal(low) + decimal(step) * last
        high = type(low)(grown if last else Decimal(low))
        step = None if last == 0 or (step == 1 and not log) else step
    if isinstance(held, kinds.Int):
        return Int(low, high, log=log, step=step)
    return Float(low, high, log=log, step=step)
