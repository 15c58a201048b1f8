"""The scale on which the values of trials are modelled, and the way back to the metric's units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

SHIFTS = (0.05, 0.5, 5.0)
"""Candidates for the shift before the logarithm; the last one is almost linear."""
FAR = 1e4
"""Values that are worse by more than so many units are modelled as this far."""


@dataclass(frozen=True)
class Scale:
    """A value y, less is better, becomes (log((y - best) / (2 unit) + shift) - mean) / spread.

    The unit is half of the median minus the best value. The scale is monotone, so quantiles on it
    are those of the metric.

    Attributes:
        best, unit, shift, mean, spread: of the formula.
    """

    best: float
    unit: float
    shift: float
    mean: float
    spread: float

    @classmethod
    def of(cls, values: Numbers, shift: float) -> Scale:
        """The scale on which some values have mean 0 and variance 1.

        Args:
            values: (n,) finite, not all equal.
            shift: one of `SHIFTS`.
        """
        best = float(values.min())
        # Halves, since differences may be beyond the largest number.
        halves = values / 2 - best / 2
        unit = float(np.median(halves)) or float(halves.mean())
        logs = np.log(np.minimum(halves / unit, FAR) + shift)
        return cls(best, unit, shift, float(logs.mean()), float(logs.std()) or 1.0)

    def logs(self, values: Numbers) -> Numbers:
        """The logarithms behind the scaled values."""
        return np.log(np.minimum((values / 2 - self.best / 2) / self.unit, FAR) + self.shift)

    def __call__(self, values: Numbers) -> Numbers:
        """(n,) values on the scale."""
        return (self.logs(values) - self.mean) / self.spread

    def stretch(self, values: Numbers) -> float:
        """The log of the density that the scale adds, summed over the values."""
        return float(-(self.logs(values) + np.log(self.spread)).sum())

    def back(self, scaled: float) -> float:
        """The value, in the metric's units, of a place on the scale."""
        with np.errstate(over="ignore"):
            share = float(np.exp(scaled * self.spread + self.mean)) - self.shift
        return self.best + 2 * self.unit * share

    def range(self, middle: float, deviation: float) -> tuple[float, float]:
        """Middle and deviation in the metric's units: the median and half of the central 68 %.

        Args:
            middle, deviation: of a normal distribution on the scale.
        """
        low, high = self.back(middle - deviation), self.back(middle + deviation)
        return self.back(middle), (high / 2 - low / 2)
