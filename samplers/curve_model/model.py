"""The ends of all learning curves of a study, predicted together."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from statistics import median
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from crosstune.samplers.curve_model.prediction import FLOOR, HOPELESS, NOISE, covariance_of

Curve: TypeAlias = Sequence[tuple[float, float]]
"""The reports of one configuration: (epoch, value), the earliest first, lower is better."""

LOOKS = 10
"""Number of reports, evenly spaced in the logarithm of the epoch, that are used of a curve."""
MOST = 800
"""Number of reports that are used of a study; with more curves, fewer are used of each."""


class CurveModel:
    """A Gaussian process over parameters and the logarithm of the epoch.

    Args:
        coordinates: (n, d) of the configurations, with ranges of length 1.
        curves: n curves, the earliest epoch from 1 on; one may be empty.
        epochs: at which the training of a configuration ends.

    >>> model = CurveModel([[0.0], [1.0]], [[(1, 3.0), (9, 1.0)], [(1, 4.0)]], epochs=9)
    >>> means, deviations = model.ends()
    >>> bool(means[0] < means[1] and deviations[0] < deviations[1])
    True
    """

    def __init__(
        self, coordinates: Sequence[Sequence[float]], curves: Sequence[Curve], epochs: int
    ):
        self._coordinates = np.array(coordinates, dtype=float).reshape(len(curves), -1)
        self._curves = curves
        self._epochs = max(epochs, 2)
        values = [min(value for _, value in curve) for curve in curves if curve]
        self._low = min(values, default=0.0)
        distances = [value - self._low for value in values]
        self._typical = min(
            (median(distances) or max(distances)) if distances else 1.0, sys.float_info.max
        )
        self._typical = self._typical or 1.0

    def scaled(self, values: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
        """Values on the model's scale, which is the logarithm of the distance from the best one."""
        distances = np.maximum(np.asarray(values, dtype=float) - self._low, 0.0)
        with np.errstate(over="ignore"):
            return np.minimum(np.log(distances / self._typical + FLOOR), HOPELESS)

    def unscaled(self, scaled: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values from the model's scale."""
        return self._low + self._typical * (np.exp(np.minimum(scaled, HOPELESS)) - FLOOR)

    def ends(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(n,) means and (n,) standard deviations of each configuration's value at its end.

        Both are on the model's scale; see `scaled`. Lower is better.
        """
        from scipy.linalg import cho_factor, cho_solve  # a library of an extra

        n = len(self._curves)
        looks = [(i, epoch, value) for i in range(n) for epoch, value in self._looks(i)]
        if not looks:
            return np.zeros(n), np.ones(n)
        of = np.array([*(i for i, _, _ in looks), *range(n)])
        times = np.array([*(self._along(epoch) for _, epoch, _ in looks), *([1.0] * n)])
        covariance = covariance_of(self._coordinates, of, times)
        m = len(looks)
        seen = self.scaled([value for _, _, value in looks])
        level = seen.mean()
        towards = covariance[:m, m:]
        factor = cho_factor(covariance[:m, :m] + NOISE * np.eye(m), lower=True)
        weights = cho_solve(factor, towards)
        variances = np.diag(covariance)[m:] - (towards * weights).sum(axis=0)
        means = level + weights.T @ (seen - level)
        return means, np.sqrt(np.maximum(variances, 0.0) + NOISE / 2)

    def _along(self, epoch: float) -> float:
        """The progress at an epoch, in [0, 1]: the logarithm of the epoch."""
        return math.log(min(max(epoch, 1.0), self._epochs)) / math.log(self._epochs)

    def _looks(self, i: int) -> list[tuple[float, float]]:
        """The reports that are used of a curve: the last one, and others evenly in progress."""
        curve = self._curves[i]
        most = max(min(LOOKS, MOST // len(self._curves)), 1)
        if len(curve) <= most:
            return list(curve)
        along = [self._along(epoch) for epoch, _ in curve]
        wanted = np.linspace(along[0], along[-1], most)[1:] if most > 1 else [along[-1]]
        places = {int(np.searchsorted(along, place - 1e-9)) for place in wanted}
        first = [0] if most > 1 else []
        return [curve[place] for place in sorted({*first, *places, len(curve) - 1})]
