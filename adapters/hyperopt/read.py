"""Parameters read from Hyperopt's own constructs.

- `hp.quniform(label, low, high, q)` draws multiples of q, not low + k * q. They may lie outside
  the bounds, and the first and last have about half the odds of the others, as those of
  `hp.uniformint`. They are read as the nearest range, with the distance as the verdict.
- `hp.qloguniform` reaches 0 if low is below q / 2. It is read as an int on a log scale if q is 1,
  the values are integers and 0 is not among them; else as a choice of all values with their
  weights.
- `hp.normal` and similar ones have no bounds. They are read as ours, cut at the quantiles 1e-9.
- `hp.choice` has no order. Its options keep their own values if all are different scalars; a
  repeated one is one value with twice the odds. Dictionaries are named by a field (the label
  itself, name, type, kind, or the first scalar that differs), other options by their position, 0
  to n - 1.
- Labels under an option are read with `when`; one expression under several options is one
  parameter. Other fixed entries of a dictionary are constants.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from crosstune.adapters.hyperopt.graph import Graph
from crosstune.adapters.hyperopt.labels import Label
from crosstune.adapters.hyperopt.laws import (
    arguments,
    by_position,
    drawn_under,
    multiples,
    natural,
    raw_law,
    span,
    weights_of,
    whole_law,
)
from crosstune.engines.compiled import Condition, closed, merged, minimal, when
from crosstune.errors import SpecError, Unsupported
from crosstune.space.grid import decimal
from crosstune.space.law_distance import distance
from crosstune.space.parameters import (
    TAIL,
    Bool,
    Choice,
    Constant,
    Float,
    Int,
    LogNormal,
    Normal,
    Parameter,
    Scalar,
)
from crosstune.space.probability import ContinuousLaw, Discrete
from crosstune.space.space import Space
from crosstune.space.verdicts import Verdict

MAX_LISTED = 1000
"""The most values that are read as a weighted choice."""


def read(native: Any) -> Space:
    """The space of an expression, or of a dictionary or list with expressions in it.

    Raises:
        Unsupported: a part has no equivalent parameter, with its name and the reason.
    """
    return read_with_verdicts(native)[0]


def read_with_verdicts(native: Any) -> tuple[Space, dict[str, Verdict]]:
    """The space of a Hyperopt one, and how close each parameter is to its construct."""
    graph = Graph(native)
    if not graph.labels:
        raise Unsupported("there is no hp expression in the space: nothing to tune")
    items = {name: parameter_of(label) for name, label in graph.labels.items()}
    ways = {name: label.ways for name, label in graph.labels.items()}
    for name, constant, way in graph.constants():
        if name in graph.labels:
            raise Unsupported(f"{name!r} is both a label and a fixed entry. Rename one of them")
        first = items.setdefault(name, Constant(constant))
        if first != Constant(constant):
            raise Unsupported(
                f"{name!r} is fixed to {constant!r} in one place and to {first.only!r} in another. "
                "Give them two names, or make it a choice"
            )
        ways.setdefault(name, []).append(way)
    items = {name: items[name] for name in graph.order if name in items}
    return Space(conditioned(graph, items, ways)), verdicts_of(graph, items)


def conditioned(
    graph: Graph, items: Mapping[str, Parameter], ways: Mapping[str, list[Condition]]
) -> dict[str, Parameter]:
    """The parameters of a space, each with its condition.

    Args:
        graph: of the native space.
        items: the parameters by name, without conditions.
        ways: by name, the conditions of which one has to hold.

    Raises:
        Unsupported: a condition has no equivalent here.
    """
    ranges: Condition = {}
    for name, label in graph.labels.items():
        raws = {float(s.first + i) for s in label.switches for i in range(len(s.options))}
        ranges[name] = frozenset(raws)

    def value(parent: str, raw: float) -> Scalar:
        label = graph.labels[parent]
        if label.positions and isinstance(label.item, Choice):
            return label.item.values[int(raw)]
        if label.item is not None:
            return label.item.decode(raw)
        if label.naming is not None and by_position(label):
            return label.naming[2][int(raw)]
        return int(raw)

    conditions = minimal(closed({name: merged(name, ways[name], ranges) for name in items}))
    try:
        parameters = {
            name: dataclasses.replace(item, when=when(conditions[name], items, value))
            for name, item in items.items()
        }
        Space(parameters)
    except SpecError as error:
        raise Unsupported(f"the space cannot be held: {error}") from error
    return parameters


def verdicts_of(graph: Graph, items: Mapping[str, Parameter]) -> dict[str, Verdict]:
    """How close each parameter is to the construct that it was read from."""
    verdicts = {}
    for name, item in items.items():
        if name not in graph.labels:
            verdicts[name] = Verdict.of(0.0)
            continue
        draw = drawn_under(graph.labels[name])
        verdicts[name] = Verdict.of(distance(draw.law, item, draw.decode))
    return verdicts


def parameter_of(label: Label) -> Parameter:
    """The parameter of a label, without its condition."""
    try:
        if label.item is not None:
            return dataclasses.replace(label.item, when={})
        if label.naming is not None and by_position(label):
            values = label.naming[2]
            weights = weights_of(label) if label.node.name == "categorical" else None
            values, weights = _without_repeats(values, weights)
            if weights is None and [*map(repr, values)] == ["False", "True"]:
                return Bool()
            if weights is None and len(values) == 1:
                return Constant(values[0])
            return Choice(values, weights=weights)
        return _nearest(label)
    except SpecError as error:
        raise Unsupported(
            f"{label.name!r} (hp.{label.node.name}) cannot be held: {error}"
        ) from None


def _without_repeats(
    values: list[Scalar], weights: list[float] | None
) -> tuple[list[Scalar], list[float] | None]:
    """The options of a choice without repeats, with their odds; None if these are even."""
    odds: dict[tuple[type, Scalar], float] = {}
    for value, weight in zip(values, weights or [1 / len(values)] * len(values), strict=True):
        odds[type(value), value] = odds.get((type(value), value), 0.0) + weight
    if len(odds) == len(values):
        return values, weights
    even = weights is None and max(odds.values()) - min(odds.values()) < 1e-12
    return [value for _, value in odds], None if even else list(odds.values())


def _nearest(label: Label) -> Parameter:
    kind, numbers = label.node.name, arguments(label)
    whole = label.whole or kind == "randint"
    if kind == "categorical":
        return listed(label)
    if kind == "randint":
        start, end = span(numbers)
        return Int(start, end - 1)
    if kind == "uniform":
        low, high = numbers["low"], numbers["high"]
        return Int(int(low), max(math.ceil(high) - 1, int(low))) if whole else Float(low, high)
    if kind == "loguniform" and not whole:
        return Float(natural(numbers["low"]), natural(numbers["high"]), log=True)
    if kind in ("normal", "lognormal") and not whole:
        cls = Normal if kind == "normal" else LogNormal
        return cls(numbers["mu"], numbers["sigma"])
    if kind in ("qnormal", "qlognormal") and not whole:
        cls = Normal if kind == "qnormal" else LogNormal
        return cls(numbers["mu"], numbers["sigma"], step=numbers["q"])
    if kind == "quniform":
        first, last = multiples(ContinuousLaw(numbers["low"], numbers["high"]), numbers["q"])
        return _stepped(first, last, numbers["q"], whole)
    if kind == "qloguniform" and whole and numbers["q"] == 1:
        base = ContinuousLaw(natural(numbers["low"]), natural(numbers["high"]), log=True)
        first, last = multiples(base, 1)
        if first >= 1:
            return Int(first, last, log=True)
    return listed(label)


def _stepped(first: int, last: int, q: float, whole: bool) -> Parameter:
    low, high = (decimal(q) * Decimal(k) for k in (first, last))
    if whole and float(q).is_integer():
        return Int(int(low), int(high), step=int(q) if q != 1 and last > first else None)
    if whole:
        raise SpecError(f"int() of multiples of {q!r} is no even range. Use an integer q")
    return Float(float(low), float(high), step=q if last > first else None)


def listed(label: Label) -> Parameter:
    """All values with their weights; a long upper tail is cut like that of a normal.

    Raises:
        SpecError: there are too many.
    """
    law = whole_law(label, raw_law(label)) if label.whole else raw_law(label)
    every = law.items() if isinstance(law, Discrete) else []
    pairs = [(value, mass) for value, mass in every if mass > 1e-15]
    beyond = 0.0
    while len(pairs) > MAX_LISTED and beyond + pairs[-1][1] <= TAIL:
        beyond += pairs.pop()[1]
    if not pairs or len(pairs) > MAX_LISTED:
        raise SpecError(
            f"more than {MAX_LISTED} values with unequal odds, for which there is no parameter. "
            "Use hp.loguniform or hp.normal and round in the objective"
        )
    return Choice([v for v, _ in pairs], ordered=True, weights=[m for _, m in pairs])
