"""Parameters read from Keras Tuner's hyperparameters.

- A stepped `Float` whose maximum is never drawn is read without it; see `laws`.
- `Int(sampling="log")` without a step is read as an int on a log scale, approximately.
- `Choice` has values of one type: no null, and truth values turn into 1 and 0. `ordered` is kept,
  though no oracle uses it.
- Conditions are equalities with values of parents. One name under two conditions loses its value
  in a trial, so it is refused.
- Defaults are not read: crosstune has start points instead.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from decimal import Decimal
from typing import Any

from crosstune.adapters.keras_tuner.laws import law_of, number_of_values
from crosstune.adapters.keras_tuner.library import keras_tuner, kinds
from crosstune.engines.compiled import Condition, closed, minimal, when
from crosstune.errors import SpecError, Unsupported
from crosstune.space.coordinates import Index, LogInteger
from crosstune.space.grid import decimal
from crosstune.space.law_distance import distance
from crosstune.space.parameters import Bool, Choice, Constant, Float, Int, Parameter
from crosstune.space.space import Space
from crosstune.space.verdicts import Verdict


def read(native: keras_tuner.HyperParameters) -> Space:
    """The space of `HyperParameters`.

    Raises:
        Unsupported: a part has no equivalent parameter, with its name and the reason.
    """
    return read_with_verdicts(native)[0]


def read_with_verdicts(native: keras_tuner.HyperParameters) -> tuple[Space, dict[str, Verdict]]:
    """The space of `HyperParameters`, and how close each parameter is to its construct."""
    if not isinstance(native, keras_tuner.HyperParameters):
        raise Unsupported(
            f"keras_tuner.HyperParameters are needed, not {type(native).__name__}. A build "
            "function declares them: call it with an empty one first, then give that"
        )
    check_names(native)
    constructs = {construct.name: construct for construct in native.space}
    items = {name: _parameter(construct) for name, construct in constructs.items()}
    conditions = closed(
        {name: _condition(construct, items) for name, construct in constructs.items()}
    )
    conditions = minimal(
        {
            name: {p: raws for p, raws in condition.items() if len(raws) < _size(items[p])}
            for name, condition in conditions.items()
        }
    )
    try:
        space = Space(
            {
                name: dataclasses.replace(
                    item, when=when(conditions[name], items, lambda p, raw: items[p].decode(raw))
                )
                for name, item in items.items()
            }
        )
    except SpecError as error:
        raise Unsupported(f"the space cannot be held: {error}") from error
    verdicts = {
        name: Verdict.of(distance(law_of(construct), items[name]))
        for name, construct in constructs.items()
    }
    return space, verdicts


def check_names(native: keras_tuner.HyperParameters) -> None:
    """Raise Unsupported for a name under two conditions."""
    for name, times in Counter(construct.name for construct in native.space).items():
        if times > 1:
            raise Unsupported(
                f"{name!r} is declared under {times} conditions, and Keras Tuner loses its value "
                "then. Give each a name of its own, or one condition with all values"
            )


def _condition(construct: Any, items: dict[str, Parameter]) -> Condition:
    condition: Condition = {}
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
        raws &= condition.get(parent.name, raws)
        if not raws:
            raise Unsupported(
                f"{construct.name!r} is never there: {parent.name!r} cannot be {parent.values}"
            )
        condition[parent.name] = raws
    return condition


def _size(item: Parameter) -> int:
    coordinate = item.coordinate
    return coordinate.n if isinstance(coordinate, Index | LogInteger) else 1


def _parameter(construct: Any) -> Parameter:
    try:
        match construct:
            case kinds.Fixed():
                return Constant(construct.value)
            case kinds.Boolean():
                return Bool()
            case kinds.Choice():
                return _choice(construct)
            case kinds.Int() | kinds.Float() if construct.sampling == "reverse_log":
                raise SpecError("reverse_log sampling has no parameter here")
            case kinds.Int() | kinds.Float():
                return _number(construct)
    except SpecError as error:
        raise Unsupported(f"{construct.name!r} ({construct!r}) cannot be held: {error}") from error
    raise Unsupported(f"{construct.name!r} is {construct!r}, which has no parameter here")


def _choice(construct: Any) -> Choice:
    counts = Counter(construct.values)
    n = len(construct.values)
    weights = None if len(counts) == n else [count / n for count in counts.values()]
    return Choice(list(counts), ordered=bool(construct.ordered), weights=weights)


def _number(construct: Any) -> Float | Int:
    low, high, step = construct.min_value, construct.max_value, construct.step
    log = construct.sampling == "log"
    if step is not None:
        last = number_of_values(construct) - 1
        grown = decimal(low) * decimal(step) ** last if log else decimal(low) + decimal(step) * last
        high = type(low)(grown if last else Decimal(low))
        step = None if last == 0 or (step == 1 and not log) else step
    if isinstance(construct, kinds.Int):
        return Int(low, high, log=log, step=step)
    return Float(low, high, log=log, step=step)
