"""The distance between two laws, and of an engine's decoded draws from a parameter's prior."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from crosstune.space.parameters import Choice, Parameter, Scalar
from crosstune.space.prior import coordinate_law, law
from crosstune.space.probability import MAX_ATOMS, ContinuousLaw, Discrete, Lattice, Law, Numbers

MAX_DECODED = 20_000
"""Maximum number of values that are decoded one by one."""

_CELLS = 4000
"""Number of equal shares of either law that a continuous comparison uses."""

_CUTS = 300
_HALVINGS = 60


def total_variation(a: Law, b: Law) -> float:
    """The largest difference in the odds of any set of values, 0 to 1.

    It is a sum over the values of discrete laws, or over a fine partition for continuous ones. With
    0.07, the odds of some set of values differ by 7 percentage points, and of none by more.

    >>> round(total_variation(ContinuousLaw(0.0, 1.0), ContinuousLaw(0.0, 2.0)), 3)
    0.5
    """
    if a == b:
        return 0.0
    if isinstance(a, ContinuousLaw) and isinstance(b, ContinuousLaw):
        u = np.linspace(0.0, 1.0, _CELLS + 1)
        cuts = np.unique(np.concatenate([a.quantile(u), b.quantile(u), [-np.inf, np.inf]]))
        apart = np.abs(a.share(cuts[:-1], cuts[1:]) - b.share(cuts[:-1], cuts[1:])).sum() / 2
    elif isinstance(a, ContinuousLaw) or isinstance(b, ContinuousLaw):
        return 1.0
    elif isinstance(a, Discrete):
        apart = a.excess(b)
    elif isinstance(b, Discrete):
        apart = b.excess(a)
    else:
        # The expectation under a, evaluated at the middles of equal shares of it.
        middles = (np.arange(MAX_ATOMS) + 0.5) / MAX_ATOMS
        kind, values = int if a.whole else float, a.quantile(middles)
        mine, theirs = a.mass(kind, values), b.mass(kind, values)
        # Above 2**52 there is no double between two integers, so a mass may be 0.
        ratio = np.divide(theirs, mine, out=np.ones_like(mine), where=mine > 0)
        apart = np.maximum(1 - ratio, 0).mean()
    return min(max(float(apart), 0.0), 1.0)


def distance(drawn: Law, item: Parameter, decode: Callable[[Any], Scalar] | None = None) -> float:
    """The total variation between the parameter's prior and the decoded draws of an engine.

    Args:
        drawn: the law of the engine's draws.
        item: the parameter.
        decode: maps a draw to the parameter's value; None if the draw is the value.

    >>> from crosstune.space.parameters import Normal
    >>> normal = Normal(0.0, 1.0)
    >>> distance(ContinuousLaw(0.0, 1.0), normal, normal.decode) < 1e-9
    True
    """
    wanted = law(item)
    if decode is None:
        return total_variation(drawn, wanted)
    if isinstance(drawn, Discrete) and len(drawn) <= MAX_DECODED:
        return total_variation(drawn.mapped(decode), wanted)
    if not isinstance(drawn, ContinuousLaw):
        # Decoding a long list of indices is one to one, so it keeps the distance. An index may be
        # a float.
        assert item.coordinate is not None
        whole = drawn.mapped(int) if isinstance(drawn, Discrete) else replace(drawn, whole=True)
        return total_variation(whole, coordinate_law(item.coordinate))
    if isinstance(wanted, ContinuousLaw):
        cuts = drawn.quantile(np.linspace(0.0, 1.0, 10 * _CUTS + 1))
        values = np.array([decode(cut) for cut in cuts.tolist()], float)
        apart = np.abs(_shares(drawn, cuts) - wanted.share(values[:-1], values[1:]))
        return min(float(apart.sum()) / 2, 1.0)
    return _swept(drawn, item, decode, wanted)


def _shares(drawn: ContinuousLaw, cuts: Numbers) -> Numbers:
    return drawn.share(cuts[:-1], cuts[1:])


def _swept(
    drawn: ContinuousLaw, item: Parameter, decode: Callable[[Any], Scalar], wanted: Law
) -> float:
    """The distance for a number with one interval per value: find the cuts, compare the masses."""
    key: Callable[[Any], Any] = lambda value: value  # noqa: E731
    if isinstance(wanted, Discrete) and isinstance(item, Choice):
        masses = {_typed(value): mass for value, mass in wanted.items()}
        place = {_typed(value): i for i, value in enumerate(item.values)}
        key = lambda value: place[_typed(value)]  # noqa: E731
        last: list[Any] = list(range(len(item.values)))
        below = np.cumsum([masses[typed] for typed in place])
    elif isinstance(wanted, Discrete):
        stride = max(1, len(wanted) // _CUTS)
        last = [value for value, _ in wanted.items()][stride - 1 :: stride]
        below = np.cumsum([mass for _, mass in wanted.items()])[stride - 1 :: stride]
    else:
        assert isinstance(wanted, Lattice)
        last = np.unique(wanted.quantile(np.linspace(0.0, 1.0, _CUTS))).tolist()
        below = wanted.cdf(np.array(last))
    grid = getattr(item, "grid", None)
    if grid is not None:
        # The law uses binary fractions and decoding decimal ones, so compare positions.
        key, last = grid.index, [grid.index(value) for value in last]
    steps = np.linspace(drawn.low, drawn.high, 10 * _CUTS + 1).tolist()
    keys = [key(decode(u)) for u in steps]
    if keys != sorted(keys):
        # Not monotonic, unlike crosstune's own decoding: use the steps as the resolution.
        stepped = Discrete([decode(u) for u in steps[:-1]], _shares(drawn, np.array(steps)))
        return total_variation(stepped, wanted)
    cuts = [drawn.low, *(_cut(drawn, lambda u: key(decode(u)), value) for value in last)]
    apart = np.abs(_shares(drawn, np.array([*cuts, drawn.high])) - np.diff([0.0, *below, 1.0]))
    return min(float(apart.sum()) / 2, 1.0)


def _typed(value: Scalar) -> tuple[type, Scalar]:
    return type(value), value


def _cut(drawn: ContinuousLaw, key: Callable[[float], Any], last: Any) -> float:
    """The largest number whose `key` is at or below `last`."""
    low, high = drawn.low, drawn.high
    if key(high) <= last:
        return high
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if key(middle) <= last else (low, middle)
    return high
