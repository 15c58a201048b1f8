"""Spaces as `hp` expressions, with the values and priors of the spec."""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Sequence
from functools import partial
from typing import Any

from crosstune.adapters.hyperopt.library import hp, pyll, scope
from crosstune.space.coordinates import Continuous, Index, LogInteger
from crosstune.space.parameters import Choice, Float, Parameter
from crosstune.space.space import Space


def exact(space: Space) -> dict[str, Any]:
    """An expression for each parameter, in the spec's values; None if it is inactive."""
    draws = {name: _draw(name, item) for name, item in space.searched.items()}
    native: dict[str, Any] = {}
    for name, item in space.items():
        value = _value(draws[name], item) if name in draws else item.only
        for parent, allowed in reversed(space.conditions[name].items()):
            value = _guard(value, draws[parent], space[parent], allowed)
        native[name] = value
    return native


def _draw(name: str, item: Parameter) -> Any:
    """The node that draws a parameter's coordinate."""
    match item.coordinate:
        case Continuous(low, high, log=True):
            return hp.loguniform(name, math.log(low), math.log(high))
        case Continuous(low, high):
            return hp.uniform(name, low, high)
        case LogInteger(low, high):
            return hp.qloguniform(name, math.log(low - 0.5), math.log(high + 0.5), 1)
        case Index(n, ordered=False):
            return scope.hyperopt_param(name, scope.randint(n))
        case Index(n):
            return hp.quniform(name, -0.5, n - 0.5, 1)
    raise AssertionError(item)


def _value(draw: Any, item: Parameter) -> Any:
    """The node with the user's value."""
    match item:
        case Choice(weights=None, ordered=False):
            return scope.switch(draw, *item.values)
        case Float(log=False, step=None):
            return draw
    return scope.call(pyll.Literal(item.decode), (draw,))


def position(weights: Sequence[float], raw: float) -> int:
    """The index of the interval with a number, if weights divide [0, 1] into intervals."""
    return bisect.bisect_right(list(itertools.accumulate(weights))[:-1], raw)


def _guard(value: Any, draw: Any, parent: Parameter, allowed: frozenset[float]) -> Any:
    """`value` if the parent's coordinate is an allowed one, else None."""
    coordinate = parent.coordinate
    if isinstance(parent, Choice) and parent.weights is not None:
        chosen = {position(parent.weights, raw) for raw in allowed}
        index = scope.call(pyll.Literal(partial(position, parent.weights)), (draw,))
        options = [value if i in chosen else None for i in range(len(parent.values))]
        return scope.switch(index, *options)
    assert isinstance(coordinate, Index | LogInteger), "only these can be parents"
    first = coordinate.low if isinstance(coordinate, LogInteger) else 0
    unordered = isinstance(coordinate, Index) and not coordinate.ordered
    index = draw if unordered else scope.int(draw) - first
    return scope.switch(
        index, *[value if first + i in allowed else None for i in range(coordinate.n)]
    )
