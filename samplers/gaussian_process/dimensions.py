"""A searched parameter as numbers: its entry in a row.

The entry of a continuous parameter is its place in [0, 1], of a stepped one its index 0 to n - 1,
of an unordered choice the number of its option.
"""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from crosstune.space.coordinates import Continuous, Index, LogInteger
from crosstune.space.parameters import Choice, Normal, Parameter, Scalar

Numbers: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]


class Dimension:
    """One searched parameter."""

    ordered = True
    n: float = math.inf
    """The number of values."""

    def __init__(self, item: Parameter):
        self.item = item

    def drawn(self, u: Numbers) -> Numbers:
        """Entries with the odds of the prior, from uniform numbers."""
        raise NotImplementedError

    def place(self, entries: Numbers) -> Numbers:
        """Entries scaled to [0, 1]; for an unordered choice, the entries."""
        raise NotImplementedError

    def quantile(self, entries: Numbers) -> Numbers:
        """A uniform number of which `drawn` makes each entry."""
        return self.place(entries)

    def entry(self, value: Scalar) -> float:
        """The entry of a value."""
        raise NotImplementedError

    def value(self, entry: float) -> Scalar:
        """The value of an entry."""
        raise NotImplementedError

    def snapped(self, entries: Numbers) -> Numbers:
        """One canonical entry for each value."""
        return entries


class Real(Dimension):
    """A number on a scale, of which only some quantiles may be distinct values."""

    def __init__(self, item: Parameter, scale: Continuous):
        super().__init__(item)
        self._scale = scale
        self._low, self._high = scale.low, scale.high
        if scale.log:
            self._low, self._high = math.log(scale.low), math.log(scale.high)
        self._coarse = isinstance(item, Choice) or (
            isinstance(item, Normal) and item.grid is not None
        )
        if isinstance(item, Choice):
            self.n = len(item.values)
        elif isinstance(item, Normal) and item.grid is not None:
            self.n = item.grid.n

    def drawn(self, u: Numbers) -> Numbers:
        """The quantiles themselves."""
        return self.snapped(u)

    def place(self, entries: Numbers) -> Numbers:
        """The entries themselves."""
        return entries

    def entry(self, value: Scalar) -> float:
        """The quantile of a value."""
        raw = self.item.encode(value)
        x = math.log(raw) if self._scale.log else raw
        # Halves, since the width of the range may be beyond the largest number.
        share = (x / 2 - self._low / 2) / (self._high / 2 - self._low / 2)
        return min(max(share, 0.0), 1.0)

    def value(self, entry: float) -> Scalar:
        """The value at a quantile."""
        if self._scale.log:
            return self.item.decode(
                self._scale.clip(math.exp(self._low + entry * (self._high - self._low)))
            )
        return self.item.decode(self._scale.clip(self._low * (1 - entry) + self._high * entry))

    def snapped(self, entries: Numbers) -> Numbers:
        """One canonical entry for each value."""
        if not self._coarse:
            return entries
        return np.array([self.entry(self.value(float(entry))) for entry in entries])


class Steps(Dimension):
    """An index: a stepped range, an ordered choice, or an integer on a log scale."""

    def __init__(self, item: Parameter, scale: Index | LogInteger):
        super().__init__(item)
        self.n = scale.n
        self._first = scale.low if isinstance(scale, LogInteger) else 0
        self._logs = (
            (math.log(scale.low - 0.5), math.log(scale.high + 0.5))
            if isinstance(scale, LogInteger)
            else None
        )

    def drawn(self, u: Numbers) -> Numbers:
        """Indices with the odds of the prior."""
        if self._logs is None:
            entries = np.floor(u * self.n)
        else:
            low, high = self._logs
            entries = np.rint(np.exp(low + u * (high - low))) - self._first
        return np.clip(entries, 0, self.n - 1)

    def place(self, entries: Numbers) -> Numbers:
        """Indices divided by the last one; on a log scale the quantile."""
        if self._logs is None:
            return entries / (self.n - 1)
        low, high = self._logs
        return np.asarray((np.log(entries + self._first) - low) / (high - low))

    def quantile(self, entries: Numbers) -> Numbers:
        """The middle of the part of [0, 1] that belongs to an index."""
        return (entries + 0.5) / self.n if self._logs is None else self.place(entries)

    def entry(self, value: Scalar) -> float:
        """The index of a value."""
        return float(self.item.encode(value) - self._first)

    def value(self, entry: float) -> Scalar:
        """The value at an index."""
        return self.item.decode(int(entry) + self._first)


class Options(Dimension):
    """An unordered choice."""

    ordered = False

    def __init__(self, item: Parameter, n: int):
        super().__init__(item)
        self.n = n
        weights = item.weights if isinstance(item, Choice) else None
        self._raw = [float(i) for i in range(n)]
        if isinstance(item, Choice) and weights is not None:
            self._raw = [item.encode(value) for value in item.values]
        self._number = {raw: i for i, raw in enumerate(self._raw)}
        self.odds = np.array(weights or np.full(n, 1 / n))
        """(n,) the odds of the options."""
        self._edges = np.cumsum(self.odds)[:-1]

    def drawn(self, u: Numbers) -> Numbers:
        """Options with the odds of the prior."""
        return np.searchsorted(self._edges, u, side="right").astype(float)

    def place(self, entries: Numbers) -> Numbers:
        """The entries themselves."""
        return entries

    def entry(self, value: Scalar) -> float:
        """The number of a value."""
        return float(self._number[self.item.encode(value)])

    def value(self, entry: float) -> Scalar:
        """The value of a number."""
        raw = self._raw[int(entry)]
        return self.item.decode(raw)


def dimension(item: Parameter) -> Dimension:
    """The dimension of a searched parameter."""
    match item.coordinate:
        case Continuous() if isinstance(item, Choice) and not item.ordered:
            return Options(item, len(item.values))
        case Continuous() as scale:
            return Real(item, scale)
        case Index(n, ordered=False):
            return Options(item, n)
        case Index() | LogInteger() as steps:
            return Steps(item, steps)
    raise AssertionError(item)
