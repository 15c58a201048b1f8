"""Spaces as boards, and their points as parameters."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from crosstune.space.coordinates import Continuous, Index, LogInteger
from crosstune.space.parameters import Parameter
from crosstune.space.space import Params, Space
from tests.engines.toy.library import Board, Point


def exact(space: Space) -> Board:
    """A line for each parameter that is searched."""
    return Board({name: _line(item) for name, item in space.searched.items()})


def _line(item: Parameter) -> Callable[[float], Any]:
    return partial(_value, item)


def _value(item: Parameter, share: float) -> Any:
    match item.coordinate:
        case Index(n):
            return item.decode(min(int(share * n), n - 1))
        case Continuous() | LogInteger() as coordinate:
            return item.decode(coordinate.quantile(share))
    raise AssertionError(item)


def active(space: Space, point: Point) -> Params:
    """The parameters of a point that take part."""
    params: Params = {}
    for name, item in space.items():
        if space.is_active(name, params):
            params[name] = point[name] if name in point else item.only  # noqa: SIM401  (has no only)
    return params
