"""The exact probability law of what is drawn, and how far two laws are apart.

`law(parameter)` is the prior that the spec states; an adapter says what its library really draws
in the same terms, and `total_variation` compares the two. A distance of 0.07 means that the odds
of some set of values differ by 7 percentage points, and of none by more.

>>> from crosstune.space.parameters import Float, Int
>>> law(Int(1, 4)).items()
[(1, 0.25), (2, 0.25), (3, 0.25), (4, 0.25)]
>>> round(total_variation(law(Float(0.0, 1.0)), law(Float(0.0, 2.0))), 3)
0.5
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from crosstune.space.coordinates import Continuous as ContinuousCoordinate
from crosstune.space.coordinates import Coordinate, Index, LogInteger
from crosstune.space.parameters import Choice, Float, Int, LogNormal, Normal, Parameter, Scalar

Numbers: TypeAlias = NDArray[np.float64]

MAX_ATOMS = 200_000
"""A law on more values than this is held as a formula; distances are sums over this many cells."""

_EXACT_GRID = 2000
"""Up to how many points a grid is listed in decimal arithmetic."""

_CELLS = 4000
"""Equal shares of either law into which a continuous comparison is cut."""


@dataclass(frozen=True)
class Continuous:
    """A real number in [low, high]; either bound may be infinite where sigma is given.

    Args:
        low, high: bounds in natural units.
        log: what follows holds for log(x) instead of x.
        mu, sigma: normal with this mean and deviation, cut to the bounds. None: uniform.
    """

    low: float
    high: float
    log: bool = False
    mu: float | None = None
    sigma: float | None = None

    def share(self, start: Numbers | float, end: Numbers | float) -> Numbers:
        """The mass between `start` and `end`."""
        a = np.clip(np.asarray(start, float), self.low, self.high)
        b = np.clip(np.asarray(end, float), self.low, self.high)
        if self.mu is not None and self.sigma is not None:
            return self._between(a, b) / self._between(np.array(self.low), np.array(self.high))
        if self.log:
            return np.asarray(np.log1p((b - a) / a) / math.log(self.high / self.low))
        return np.asarray((b - a) / (self.high - self.low))

    def cdf(self, x: Numbers | float) -> Numbers:
        """The mass at or below `x`."""
        return self.share(self.low, x)

    def quantile(self, u: Numbers | float) -> Numbers:
        """The point with the share `u` below it, 0 <= u <= 1."""
        u = np.asarray(u, float)
        if self.mu is not None and self.sigma is not None:
            bounds = self._standard(np.array([self.low, self.high]))
            sign = -1.0 if bounds[0] > 0 else 1.0  # mirrored where that keeps more digits
            below = 0.5 * _erfc(-sign * bounds / math.sqrt(2))
            z = sign * _inv_cdf(below[0] + u * (below[1] - below[0])) * self.sigma + self.mu
            return np.asarray(np.clip(np.exp(z) if self.log else z, self.low, self.high))
        if self.log:
            return np.asarray(np.clip(self.low * (self.high / self.low) ** u, self.low, self.high))
        return np.asarray(np.clip(self.low + u * (self.high - self.low), self.low, self.high))

    def _standard(self, x: Numbers) -> Numbers:
        assert self.mu is not None
        assert self.sigma is not None
        with np.errstate(divide="ignore"):
            return (np.log(np.maximum(x, 0.0)) if self.log else x) / self.sigma - (
                self.mu / self.sigma
            )

    def _between(self, a: Numbers, b: Numbers) -> Numbers:
        start, end = self._standard(a) / math.sqrt(2), self._standard(b) / math.sqrt(2)
        mirrored = start > 0
        upper, lower = np.where(mirrored, start, -end), np.where(mirrored, end, -start)
        return 0.5 * (_erfc(upper) - _erfc(lower))


class Discrete:
    """Values with their masses; 1, 1.0 and True are three values.

    Floats that differ by a millionth of the distance to their neighbours are one value, so that
    0.1 + 0.2 is 0.3 here.
    """

    def __init__(self, values: Sequence[Any] | NDArray[Any], masses: Sequence[float] | Numbers):
        self._numbers: dict[type, tuple[NDArray[Any], Numbers]] = {}
        self._others: dict[Scalar, float] = {}
        self._values = [] if isinstance(values, np.ndarray) else [_plain(v) for v in values]
        shares = np.asarray(masses, float)
        if isinstance(values, np.ndarray):
            kind = int if values.dtype.kind == "i" else float
            self._numbers[kind] = _merged(values, shares)
            return
        for kind in (int, float):
            chosen = [i for i, value in enumerate(self._values) if type(value) is kind]
            if chosen:
                held = np.array(
                    [self._values[i] for i in chosen], np.int64 if kind is int else float
                )
                self._numbers[kind] = _merged(held, shares[chosen])
        for value, mass in zip(self._values, shares.tolist(), strict=True):
            if type(value) not in (int, float):
                self._others[value] = self._others.get(value, 0.0) + mass

    def items(self) -> list[tuple[Scalar, float]]:
        """The values with their masses: numbers sorted, then the rest as given."""
        found: list[tuple[Scalar, float]] = []
        for values, masses in self._numbers.values():
            found += zip(values.tolist(), masses.tolist(), strict=True)
        return [*found, *self._others.items()]

    def __len__(self) -> int:
        return sum(len(values) for values, _ in self._numbers.values()) + len(self._others)

    def mass(self, kind: type, values: NDArray[Any]) -> Numbers:
        """The masses of some numbers of a type, 0 where they are not among the values."""
        if kind not in self._numbers:
            return np.zeros(len(values))
        held, masses = self._numbers[kind]
        near = np.clip(np.searchsorted(held, values), 0, len(held) - 1)
        before = np.maximum(near - 1, 0)
        near = np.where(np.abs(held[before] - values) < np.abs(held[near] - values), before, near)
        return np.where(np.abs(held[near] - values) <= _tolerance(held)[near], masses[near], 0.0)

    def mapped(self, function: Callable[[Any], Scalar]) -> Discrete:
        """The law of `function` of the value."""
        pairs = self.items()
        return Discrete([function(value) for value, _ in pairs], [mass for _, mass in pairs])

    def _apart(self, other: Discrete | Lattice) -> float:
        total = 0.0
        for kind, (values, masses) in self._numbers.items():
            total += float(np.maximum(masses - other.mass(kind, values), 0).sum())
        theirs = other._others if isinstance(other, Discrete) else {}
        # Values are compared with their types: False is not 0, and neither is in `_numbers`.
        for value, mass in self._others.items():
            total += max(mass - theirs.get(value, 0.0), 0.0)
        return total


@dataclass(frozen=True)
class Lattice:
    """Evenly spaced numbers, too many to list: ``origin + k * step``, k from first to last.

    Args:
        whole: the numbers are integers.
        base: what is rounded to them; None: all have the same mass.
        offset: 0.5 rounds to the nearest, 0 down. What lies beyond an end goes to it.
    """

    origin: float
    step: float
    first: int
    last: int
    whole: bool = False
    base: Continuous | None = None
    offset: float = 0.5

    def values(self, k: NDArray[np.int64]) -> NDArray[Any]:
        """The numbers at indices."""
        if self.whole:
            return int(self.origin) + k * int(self.step)
        return self.origin + k * self.step

    def masses(self, k: NDArray[np.int64]) -> Numbers:
        """The masses at indices within first and last."""
        if self.base is None:
            return np.full(len(k), 1.0 / (self.last - self.first + 1))
        start = np.where(k <= self.first, -np.inf, self.origin + (k - self.offset) * self.step)
        end = np.where(k >= self.last, np.inf, self.origin + (k + 1 - self.offset) * self.step)
        return self.base.share(start, end)

    def quantile(self, u: Numbers) -> NDArray[Any]:
        """The numbers with the shares `u` below or at them."""
        n = self.last - self.first + 1
        if self.base is None:
            k = self.first + np.minimum((u * n).astype(np.int64), n - 1)
        else:
            position = (self.base.quantile(u) - self.origin) / self.step
            k = np.floor(position + self.offset).astype(np.int64)
        return self.values(np.clip(k, self.first, self.last))

    def cdf(self, values: NDArray[Any]) -> Numbers:
        """The mass at or below some of the numbers."""
        k = np.round((values - self.origin) / self.step)
        if self.base is None:
            return np.asarray((k - self.first + 1) / (self.last - self.first + 1))
        ends = np.where(k >= self.last, np.inf, self.origin + (k + 1 - self.offset) * self.step)
        return self.base.share(-np.inf, ends)

    def mass(self, kind: type, values: NDArray[Any]) -> Numbers:
        """The masses of some numbers of a type, 0 where they are not among the values."""
        if kind is not (int if self.whole else float):
            return np.zeros(len(values))
        k = np.round((values - self.origin) / self.step).astype(np.int64)
        there = np.abs(self.values(k) - values) <= 1e-6 * self.step
        there &= (k >= self.first) & (k <= self.last)
        return np.where(there, self.masses(np.clip(k, self.first, self.last)), 0.0)

    def listed(self) -> Discrete:
        """The same law with its values listed."""
        k = np.arange(self.first, self.last + 1, dtype=np.int64)
        return Discrete(self.values(k), self.masses(k))


Law: TypeAlias = Discrete | Lattice | Continuous


def rounded(
    base: Continuous | None,
    origin: float,
    step: float,
    first: int,
    last: int,
    *,
    whole: bool = False,
    offset: float = 0.5,
) -> Discrete | Lattice:
    """The law of `base` rounded to the numbers ``origin + k * step``, k from first to last."""
    lattice = Lattice(origin, step, first, last, whole, base, offset)
    return lattice.listed() if last - first < MAX_ATOMS else lattice


def law(item: Parameter) -> Law:
    """The prior that a spec states for a parameter, in its values."""
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
        case ContinuousCoordinate(low, high, log):
            return Continuous(low, high, log)
        case LogInteger(low, high):
            base = Continuous(low - 0.5, high + 0.5, log=True)
            return rounded(base, 0, 1, low, high, whole=True)
        case Index(n):
            return rounded(None, 0, 1, 0, n - 1, whole=True)
    raise AssertionError(coordinate)


def total_variation(a: Law, b: Law) -> float:
    """The largest difference in the odds of any set of values, 0 to 1.

    A sum over the values for discrete laws, and over a fine partition for continuous ones.
    """
    if a == b:
        return 0.0
    if isinstance(a, Continuous) and isinstance(b, Continuous):
        u = np.linspace(0.0, 1.0, _CELLS + 1)
        cuts = np.unique(np.concatenate([a.quantile(u), b.quantile(u), [-np.inf, np.inf]]))
        apart = np.abs(a.share(cuts[:-1], cuts[1:]) - b.share(cuts[:-1], cuts[1:])).sum() / 2
    elif isinstance(a, Continuous) or isinstance(b, Continuous):
        return 1.0
    elif isinstance(a, Discrete):
        apart = a._apart(b)
    elif isinstance(b, Discrete):
        apart = b._apart(a)
    else:
        # In expectation under a, at the middles of equal shares of it.
        middles = (np.arange(MAX_ATOMS) + 0.5) / MAX_ATOMS
        kind, values = int if a.whole else float, a.quantile(middles)
        mine, theirs = a.mass(kind, values), b.mass(kind, values)
        # Above 2**52 no double lies between two integers, and a mass may come out as 0.
        ratio = np.divide(theirs, mine, out=np.ones_like(mine), where=mine > 0)
        apart = np.maximum(1 - ratio, 0).mean()
    return min(max(float(apart), 0.0), 1.0)


def _normal(item: Normal) -> Law:
    low, high = item.bounds
    log = isinstance(item, LogNormal)
    if item.grid is None:
        return Continuous(low, high, log, item.mu, item.sigma)
    half = item.grid.step / 2
    low, high = low - half, high + half
    base = Continuous(max(low, 0.0) if log else low, high, log, item.mu, item.sigma)
    return rounded(base, item.grid.low, item.grid.step, 0, item.grid.n - 1)


def _plain(value: Any) -> Scalar:
    """A value without numpy's types."""
    plain: Scalar = value.item() if isinstance(value, np.generic) else value
    return plain


def _merged(values: NDArray[Any], masses: Numbers) -> tuple[NDArray[Any], Numbers]:
    held, where = np.unique(values, return_inverse=True)
    return held, np.bincount(where.ravel(), masses, len(held)).astype(float)


def _tolerance(held: NDArray[Any]) -> Numbers:
    if held.dtype.kind == "i":
        return np.zeros(len(held))
    gaps = np.diff(held)
    ends = 1e-3 * np.abs(held[[0, -1]])
    left, right = np.concatenate([ends[:1], gaps]), np.concatenate([gaps, ends[1:]])
    if len(held) > 1:
        left[0], right[-1] = gaps[0], gaps[-1]
    gap: Numbers = 1e-6 * np.minimum(left, right)
    return gap


def _inv_cdf(share: Numbers) -> Numbers:
    normal = NormalDist()

    def one(p: float) -> float:
        if p <= 0 or p >= 1:
            return math.copysign(math.inf, p - 0.5)
        return normal.inv_cdf(p)

    return np.array([one(p) for p in share.ravel().tolist()]).reshape(share.shape)


def _erfc(x: Numbers) -> Numbers:
    return np.array([math.erfc(v) for v in x.ravel().tolist()]).reshape(x.shape)
