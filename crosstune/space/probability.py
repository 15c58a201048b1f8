"""Exact probability laws of values.

`crosstune.space.prior` gives the law that a spec states for a parameter, an adapter the one that
its library really draws, and `crosstune.space.law_distance` compares the two.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from crosstune.space.parameters import Scalar

Numbers: TypeAlias = NDArray[np.float64]

MAX_ATOMS = 200_000
"""A law on more values than this is a formula; distances are then sums over this many cells."""


@dataclass(frozen=True)
class ContinuousLaw:
    """A real number in [low, high]; either bound may be infinite if `sigma` is set.

    Args:
        low, high: bounds in natural units.
        log: the distribution is that of log(x) instead of x.
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
        """The point below which the law has the mass `u`, 0 <= u <= 1."""
        u = np.asarray(u, float)
        if self.mu is not None and self.sigma is not None:
            bounds = self._standard(np.array([self.low, self.high]))
            sign = -1.0 if bounds[0] > 0 else 1.0  # mirror to keep more digits
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

    Floats that differ by less than a millionth of the distance to their neighbours are one value,
    so 0.1 + 0.2 equals 0.3.
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
                numbers = np.array(
                    [self._values[i] for i in chosen], np.int64 if kind is int else float
                )
                self._numbers[kind] = _merged(numbers, shares[chosen])
        for value, mass in zip(self._values, shares.tolist(), strict=True):
            if type(value) not in (int, float):
                self._others[value] = self._others.get(value, 0.0) + mass

    def items(self) -> list[tuple[Scalar, float]]:
        """The values with their masses: sorted numbers, then the others in their order."""
        pairs: list[tuple[Scalar, float]] = []
        for values, masses in self._numbers.values():
            pairs += zip(values.tolist(), masses.tolist(), strict=True)
        return [*pairs, *self._others.items()]

    def __len__(self) -> int:
        return sum(len(values) for values, _ in self._numbers.values()) + len(self._others)

    def mass(self, kind: type, values: NDArray[Any]) -> Numbers:
        """The masses of some numbers of a type, 0 where they are not among the values."""
        if kind not in self._numbers:
            return np.zeros(len(values))
        numbers, masses = self._numbers[kind]
        near = np.clip(np.searchsorted(numbers, values), 0, len(numbers) - 1)
        before = np.maximum(near - 1, 0)
        near = np.where(
            np.abs(numbers[before] - values) < np.abs(numbers[near] - values), before, near
        )
        return np.where(
            np.abs(numbers[near] - values) <= _tolerance(numbers)[near], masses[near], 0.0
        )

    def mapped(self, function: Callable[[Any], Scalar]) -> Discrete:
        """The law of `function` of the value."""
        pairs = self.items()
        return Discrete([function(value) for value, _ in pairs], [mass for _, mass in pairs])

    def excess(self, other: Discrete | Lattice) -> float:
        """The sum of the masses by which values are more likely than under another law."""
        total = 0.0
        for kind, (values, masses) in self._numbers.items():
            total += float(np.maximum(masses - other.mass(kind, values), 0).sum())
        theirs = other._others if isinstance(other, Discrete) else {}
        # Neither False nor other non-numbers are in `_numbers`, so False is not compared with 0.
        for value, mass in self._others.items():
            total += max(mass - theirs.get(value, 0.0), 0.0)
        return total


@dataclass(frozen=True)
class Lattice:
    """Evenly spaced numbers, too many to list: ``origin + k * step``, k from first to last.

    Args:
        origin, step, first, last: define the numbers.
        whole: the numbers are integers.
        base: the law that is rounded to the numbers; None if all have the same mass.
        offset: 0.5 rounds to the nearest, 0 down. Values beyond an end are rounded to it.
    """

    origin: float
    step: float
    first: int
    last: int
    whole: bool = False
    base: ContinuousLaw | None = None
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
        """The smallest numbers up to which the law has the masses `u`."""
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


Law: TypeAlias = Discrete | Lattice | ContinuousLaw


def rounded(
    base: ContinuousLaw | None,
    origin: float,
    step: float,
    first: int,
    last: int,
    *,
    whole: bool = False,
    offset: float = 0.5,
) -> Discrete | Lattice:
    """The law of `base` rounded to the numbers ``origin + k * step``, k from first to last.

    Args:
        base, origin, step, first, last, whole, offset: as in `Lattice`.
    """
    lattice = Lattice(origin, step, first, last, whole, base, offset)
    return lattice.listed() if last - first < MAX_ATOMS else lattice


def _plain(value: Any) -> Scalar:
    """A value without numpy's types."""
    plain: Scalar = value.item() if isinstance(value, np.generic) else value
    return plain


def _merged(values: NDArray[Any], masses: Numbers) -> tuple[NDArray[Any], Numbers]:
    distinct, where = np.unique(values, return_inverse=True)
    return distinct, np.bincount(where.ravel(), masses, len(distinct)).astype(float)


def _tolerance(numbers: NDArray[Any]) -> Numbers:
    if numbers.dtype.kind == "i":
        return np.zeros(len(numbers))
    gaps = np.diff(numbers)
    ends = 1e-3 * np.abs(numbers[[0, -1]])
    left, right = np.concatenate([ends[:1], gaps]), np.concatenate([gaps, ends[1:]])
    if len(numbers) > 1:
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
