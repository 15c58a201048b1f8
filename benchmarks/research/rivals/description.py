"""A space in words that need no crosstune, as a rival is told it, and a point there and back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from crosstune.errors import RunError
from crosstune.space.coordinates import Continuous, Coordinate, Index, LogInteger
from crosstune.space.parameters import Scalar
from crosstune.space.space import Params, Space


def described(space: Space) -> list[dict[str, Any]]:
    """The searched parameters by their coordinates, named x0, x1 and so on, in the space's order.

    A number that is continuous is a "float", and an integer on a log scale an "int"; positions on
    a grid or in an ordered choice are an "int" too, from 0; those in an unordered one a "category".

    >>> from crosstune import Choice, Float, Int
    >>> for line in described(Space({"lr": Float(1e-3, 1, log=True), "units": Int(8, 32, step=8)})):
    ...     print(line)
    {'name': 'x0', 'kind': 'float', 'low': 0.001, 'high': 1.0, 'log': True, 'when': {}}
    {'name': 'x1', 'kind': 'int', 'low': 0, 'high': 3, 'log': False, 'when': {}}
    """
    names = _names(space)
    return [
        {
            "name": names[name],
            **_kind(item.coordinate),
            "when": {
                names[parent]: sorted(round(raw) for raw in allowed)
                for parent, allowed in space.conditions[name].items()
            },
        }
        for name, item in space.searched.items()
    ]


def encoded(space: Space, params: Mapping[str, Scalar]) -> dict[str, float | int]:
    """A point as a rival is told it: the coordinates of the active parameters."""
    point: dict[str, float | int] = {}
    for name, short in _names(space).items():
        if name in params:
            raw = space[name].encode(params[name])
            continuous = isinstance(space[name].coordinate, Continuous)
            point[short] = float(raw) if continuous else round(raw)
    return point


def decoded(space: Space, point: Mapping[str, Any], rival: str) -> Params:
    """The values of a rival's proposal, without inactive parameters.

    Args:
        space: of the search.
        point: coordinates by the names that the rival uses.
        rival: its name, for messages.

    Raises:
        RunError: a parameter is missing, or outside its range.
    """
    names = _names(space)
    params: Params = {}
    for name, item in space.items():
        if not space.is_active(name, params):
            continue
        if item.coordinate is None:
            params[name] = item.only
        else:
            params[name] = item.decode(_within(item.coordinate, name, point, names[name], rival))
    return params


def points_at_least(space: Space) -> float:
    """A lower bound of the number of points: those of the unconditional parameters."""
    least = 1.0
    for name, item in space.searched.items():
        if not space.conditions[name]:
            coordinate = item.coordinate
            assert coordinate is not None
            least *= math.inf if isinstance(coordinate, Continuous) else coordinate.n
    return least


def _names(space: Space) -> dict[str, str]:
    return {name: f"x{position}" for position, name in enumerate(space.searched)}


def _kind(coordinate: Coordinate | None) -> dict[str, Any]:
    match coordinate:
        case Continuous(low, high, log):
            return {"kind": "float", "low": float(low), "high": float(high), "log": log}
        case LogInteger(low, high):
            return {"kind": "int", "low": low, "high": high, "log": True}
        case Index(n, ordered=True):
            return {"kind": "int", "low": 0, "high": n - 1, "log": False}
        case Index(n):
            return {"kind": "category", "n": n}
    raise AssertionError(coordinate)


def _within(
    coordinate: Coordinate, name: str, point: Mapping[str, Any], short: str, rival: str
) -> float | int:
    """A coordinate, which may miss its range by a rounding error and no more."""
    raw = point.get(short)
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not math.isfinite(raw):
        raise RunError(f"{rival} proposed {raw!r} for {name!r}, which is no number")
    value = coordinate.clip(raw)
    if not math.isclose(value, raw, rel_tol=1e-6, abs_tol=1e-9):
        raise RunError(f"{rival} proposed {raw!r} for {name!r}, which has to be in {coordinate}")
    return value
