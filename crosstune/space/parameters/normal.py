"""Normally and lognormally distributed numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from statistics import NormalDist
from typing import ClassVar

from crosstune.errors import SpecError
from crosstune.space.coordinates import Continuous, Coordinate, Index
from crosstune.space.grid import Grid, decimal
from crosstune.space.parameters.base import Parameter, Scalar
from crosstune.space.parameters.checks import finite, is_number

TAIL = 1e-9
"""An unbounded normal is cut at the quantiles TAIL and 1 - TAIL, on every engine."""


def _below(z: float) -> float:
    """The mass of the standard normal below z, with full precision in the lower tail."""
    return 0.5 * math.erfc(-z / math.sqrt(2))


def _steps_away(start: float, count: int, step: float) -> float:
    return float(decimal(start) + count * decimal(step))


@dataclass(frozen=True)
class Normal(Parameter):
    """A normally distributed number, cut to [low, high].

    Args:
        mu, sigma: mean and standard deviation before the cut; sigma > 0.
        low, high: bounds; a side without one is cut at the quantile 1e-9 or 1 - 1e-9.
        step: the number is rounded to a multiple of `step`, counted from `low` if there is one.

    Its coordinate on every engine is the quantile, a number in [0, 1].

    >>> Normal(0.0, 1.0).bounds
    (-5.9978..., 5.9978...)
    """

    type: ClassVar[str] = "normal"
    mu: float
    sigma: float
    _: KW_ONLY
    low: float | None = None
    high: float | None = None
    step: float | None = None

    def _check(self) -> None:
        for key in ("mu", "sigma", "low", "high", "step"):
            value = getattr(self, key)
            if value is not None or key in ("mu", "sigma"):
                object.__setattr__(self, key, float(finite(value, key)))
        if self.sigma <= 0:
            raise SpecError(f"sigma has to be above 0, not {self.sigma!r}", ("sigma",))
        if self.step is not None and self.step <= 0:
            raise SpecError(f"a step has to be above 0, not {self.step!r}", ("step",))
        try:
            low, high = self.bounds
        except OverflowError:
            low = high = math.inf
        if not math.isfinite(high - low):
            raise SpecError(
                f"mu {self.mu!r} and sigma {self.sigma!r} reach beyond the range of a number",
                ("mu",),
            )
        if low >= high:
            raise SpecError(
                f"the cut leaves nothing: low {low!r} is not below high {high!r}", ("low",)
            )
        if self._share <= 0:
            raise SpecError(
                f"the normal with mean {self.mu!r} and deviation {self.sigma!r} has no mass "
                f"between {low!r} and {high!r}",
                ("low",),
            )
        _ = self.grid

    def _normal(self, x: float) -> float:
        """The normally distributed number that belongs to the value `x`."""
        return x

    def _value(self, z: float) -> float:
        """The value that belongs to a normally distributed number."""
        return z

    @cached_property
    def bounds(self) -> tuple[float, float]:
        """The smallest and the largest value."""
        base = NormalDist(self.mu, self.sigma)
        low = self._value(base.inv_cdf(TAIL)) if self.low is None else self.low
        high = self._value(base.inv_cdf(1 - TAIL)) if self.high is None else self.high
        if self.step is not None:
            if self.low is None:
                start = 0.0 if self.high is None else self.high
                low = _steps_away(start, math.ceil((low - start) / self.step), self.step)
            if self.high is None:
                high = _steps_away(low, math.floor((high - low) / self.step), self.step)
        return low, high

    @cached_property
    def grid(self) -> Grid | None:
        """The points of a stepped range."""
        return None if self.step is None else Grid(*self.bounds, self.step)

    def _finite_values(self) -> Sequence[Scalar] | None:
        return None if self.grid is None else [self.grid.value(i) for i in range(self.grid.n)]

    @cached_property
    def _cut(self) -> tuple[float, float, float]:
        """Sign, and the cumulative masses at the ends; mirrored if that keeps more digits."""
        low, high = self.bounds
        if self.step is not None:
            low, high = self._widened(low, high)
        z = [(self._normal(x) - self.mu) / self.sigma for x in (low, high)]
        if z[0] > 0:
            return -1.0, _below(-z[1]), _below(-z[0])
        return 1.0, _below(z[0]), _below(z[1])

    def _widened(self, low: float, high: float) -> tuple[float, float]:
        half = (self.step or 0.0) / 2
        return low - half, high + half

    @property
    def _share(self) -> float:
        _, low, high = self._cut
        return high - low

    @property
    def coordinate(self) -> Coordinate:
        """The quantile, in [0, 1]."""
        return Continuous(0.0, 1.0)

    def decode(self, raw: float) -> float:
        """The number at a quantile."""
        sign, low, high = self._cut
        u = raw if sign > 0 else 1 - raw
        share = min(max(low + u * (high - low), math.ulp(0.0)), 1 - 2**-53)
        x = self._value(self.mu + sign * self.sigma * NormalDist().inv_cdf(share))
        if self.grid:
            return self.grid.value(Index(self.grid.n).clip((x - self.grid.low) / self.grid.step))
        return min(max(x, self.bounds[0]), self.bounds[1])

    def encode(self, value: object) -> float:
        """The quantile of a number."""
        low, high = self.bounds
        if not is_number(value) or not low <= value <= high:
            raise self._outside(value)
        x = float(value)
        if self.grid and self.grid.index(x) is None:
            raise self._outside(value)
        sign, start, end = self._cut
        share = _below(sign * (self._normal(x) - self.mu) / self.sigma)
        u = min(max((share - start) / (end - start), 0.0), 1.0)
        return u if sign > 0 else 1 - u


@dataclass(frozen=True)
class LogNormal(Normal):
    """A number whose natural logarithm is normally distributed, cut to [low, high].

    Args:
        mu, sigma: mean and standard deviation of the logarithm; sigma > 0.
        low, high: bounds in natural units, above 0.
        step: the number is rounded to a multiple of `step`, counted from `low` if there is one.

    >>> LogNormal(-9.0, 2.0).contains(1e-4)
    True
    """

    type: ClassVar[str] = "lognormal"

    def _check(self) -> None:
        for key in ("low", "high"):
            value = getattr(self, key)
            if value is not None and finite(value, key) <= 0:
                raise SpecError(f"a lognormal is above 0, so {key} cannot be {value!r}", (key,))
        super()._check()
        if self.bounds[0] <= 0 and self.step is None:
            raise SpecError(
                f"mu {self.mu!r} and sigma {self.sigma!r} reach down to 0, which has no logarithm",
                ("mu",),
            )

    def _normal(self, x: float) -> float:
        return math.log(x) if x > 0 else -math.inf

    def _value(self, z: float) -> float:
        return math.exp(z)
