"""The prior law that a spec states for a parameter.

>>> law(Int(1, 4)).items()
[(1, 0.25), (2, 0.25), (3, 0.25), (4, 0.25)]
"""

from __future__ import annotations

import numpy as np

from crosstune.space.coordinates import Continuous, Coordinate, Index, LogInteger
from crosstune.space.parameters import Choice, Float, Int, LogNormal, Normal, Parameter
from crosstune.space.probability import ContinuousLaw, Discrete, Law, rounded

_EXACT_GRID = 2000
"""Up to this many points, a grid is listed in decimal arithmetic."""


def law(item: Parameter) -> Law:
    """The prior of a parameter's values, as its spec states it."""
    coordinate = item.coordinate
    if coordinate is None:
        return Discrete([item.only], [1.0])
    match item:
        case Normal():
            return _normal(item)
        case Choice(weights=weights) if weights is not None:
            edges = [0.0, *np.cumsum(weights)[:-1], 1.0]
            return Discrete(list(item.values), np.diff(edges))
        case Float(step=step) if item.grid and step is not None and not item.log:
            if item.grid.n > _EXACT_GRID:
                return rounded(None, item.low, step, 0, item.grid.n - 1)
            points = np.array([item.grid.value(i) for i in range(item.grid.n)])
            return Discrete(points, np.full(item.grid.n, 1 / item.grid.n))
        case Int(step=step) if not item.log and isinstance(coordinate, Index):
            return rounded(None, item.low, int(step or 1), 0, coordinate.n - 1, whole=True)
        case Int(step=None) | Float(step=None):
            return coordinate_law(coordinate)
        case Float(step=step) | Int(step=step) if item.grid and step is not None:
            points = item.low * float(step) ** np.arange(item.grid.n)
            whole = np.round(points).astype(np.int64) if isinstance(item, Int) else points
            return Discrete(whole, np.full(len(points), 1 / len(points)))
    assert isinstance(coordinate, Index)
    return Discrete(
        [item.decode(i) for i in range(coordinate.n)], [1 / coordinate.n] * coordinate.n
    )


def coordinate_law(coordinate: Coordinate) -> Law:
    """The prior of a coordinate."""
    match coordinate:
        case Continuous(low, high, log):
            return ContinuousLaw(low, high, log)
        case LogInteger(low, high):
            base = ContinuousLaw(low - 0.5, high + 0.5, log=True)
            return rounded(base, 0, 1, low, high, whole=True)
        case Index(n):
            return rounded(None, 0, 1, 0, n - 1, whole=True)
    raise AssertionError(coordinate)


def _normal(item: Normal) -> Law:
    low, high = item.bounds
    log = isinstance(item, LogNormal)
    if item.grid is None:
        return ContinuousLaw(low, high, log, item.mu, item.sigma)
    half = item.grid.step / 2
    low, high = low - half, high + half
    base = ContinuousLaw(max(low, 0.0) if log else low, high, log, item.mu, item.sigma)
    return rounded(base, item.grid.low, item.grid.step, 0, item.grid.n - 1)
