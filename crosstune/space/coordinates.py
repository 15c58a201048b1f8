"""The three kinds of number that an engine has to draw.

Every parameter has one coordinate, the number that an engine draws and models. The parameter
decodes it to the user's value (`decode`) and encodes a value (`encode`). So an adapter translates
only these three kinds, and a stepped range has the same points with the same odds on every engine,
since it is an index everywhere.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np


@dataclass(frozen=True)
class Continuous:
    """A real number in [low, high], natural units; with `log`, log(x) is uniform."""

    low: float
    high: float
    log: bool = False

    def sample(self, rng: np.random.Generator) -> float:
        """One draw."""
        if self.log:
            low, high = math.log(self.low), math.log(self.high)
            return self.clip(math.exp(rng.uniform(low, high)))
        return self.clip(float(rng.uniform(self.low, self.high)))

    def contains(self, x: float) -> bool:
        """Whether `x` is within the bounds."""
        return self.low <= x <= self.high

    def clip(self, x: float) -> float:
        """`x` within the bounds; exp(log(x)) may miss them by one unit in the last place."""
        return min(max(float(x), self.low), self.high)

    def quantile(self, u: float) -> float:
        """The point below which the prior has the mass `u`, 0 <= u <= 1."""
        if self.log:
            return self.clip(self.low * (self.high / self.low) ** u)
        return self.clip(self.low + u * (self.high - self.low))


@dataclass(frozen=True)
class LogInteger:
    """An integer in [low, high]: log-uniform on [low - 1/2, high + 1/2], rounded."""

    low: int
    high: int

    def sample(self, rng: np.random.Generator) -> int:
        """One draw."""
        return self.clip(math.exp(rng.uniform(math.log(self.low - 0.5), math.log(self.high + 0.5))))

    def contains(self, x: float) -> bool:
        """Whether `x` is within the bounds."""
        return self.low <= x <= self.high

    def clip(self, x: float) -> int:
        """`x` rounded, within the bounds."""
        return min(max(round(x), self.low), self.high)

    def quantile(self, u: float) -> int:
        """The smallest integer up to which the prior has the mass `u`, 0 <= u <= 1."""
        low, high = self.low - 0.5, self.high + 0.5
        return self.clip(low * (high / low) ** u)

    @property
    def n(self) -> int:
        """The number of integers."""
        return self.high - self.low + 1


@dataclass(frozen=True)
class Index:
    """A uniform index from 0 to n - 1; if `ordered`, near indices stand for similar values."""

    n: int
    ordered: bool = True

    def sample(self, rng: np.random.Generator) -> int:
        """One draw."""
        return int(rng.integers(self.n))

    def contains(self, x: float) -> bool:
        """Whether `x` is within the bounds."""
        return 0 <= x < self.n

    def clip(self, x: float) -> int:
        """`x` rounded, within the bounds."""
        return min(max(round(x), 0), self.n - 1)


Coordinate: TypeAlias = Continuous | LogInteger | Index
