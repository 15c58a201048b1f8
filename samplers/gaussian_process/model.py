"""The Gaussian process given the data: mean, deviation, and how both change with a point."""

from __future__ import annotations

import numpy as np
from scipy.linalg import cho_solve, cholesky, solve_triangular

from crosstune.samplers.gaussian_process.dimensions import Numbers
from crosstune.samplers.gaussian_process.encoding import Encoding, Points
from crosstune.samplers.gaussian_process.fit import JITTER, Hyperparameters
from crosstune.samplers.gaussian_process.kernel import matern, slope, squared_distances


class Model:
    """The posterior of the function (Rasmussen and Williams 2006, algorithm 2.1).

    Points that are being evaluated count as if they had been and had brought the mean that is
    expected there (Desautels, Krause and Burdick 2014, section 3.2): the mean stays as it is,
    and the deviation around them falls. Making one is O(n^3) in the points, a prediction O(n^2).

    Args:
        points: n that were evaluated, then those that are being evaluated.
        targets: (n,).
        extra: (n,) variances of noise beside the fitted one.
    """

    def __init__(
        self,
        encoding: Encoding,
        points: Points,
        targets: Numbers,
        extra: Numbers,
        held: Hyperparameters,
    ):
        self._encoding, self._points, self._held = encoding, points, held
        n, total = len(targets), len(points)
        square = squared_distances(encoding, points, points, held.weights)
        covariance = held.amplitude * matern(square)
        covariance.flat[:: total + 1] += held.noise + JITTER
        covariance.flat[: n * (total + 1) : total + 1] += extra
        lower = cholesky(covariance, lower=True, check_finite=False)
        # The leading block of the factor is that of the evaluated points.
        self._alpha = cho_solve((lower[:n, :n], True), targets, check_finite=False)
        self._n = n
        self._inverse = solve_triangular(lower, np.eye(total), lower=True, check_finite=False)
        means = targets - (held.noise + JITTER + extra) * self._alpha
        believed = covariance[n:, :n] @ self._alpha
        self.smallest = float(np.concatenate([means, believed]).min())
        """The least mean at these points: what has to be improved on."""

    def predict(self, points: Points) -> tuple[Numbers, Numbers]:
        """Mean and deviation of the function at m points; (m,) each."""
        square = squared_distances(self._encoding, points, self._points, self._held.weights)
        cross = self._held.amplitude * matern(square)
        half = cross @ self._inverse.T
        variance = self._held.amplitude - np.einsum("ij,ij->i", half, half)
        return cross[:, : self._n] @ self._alpha, np.sqrt(np.maximum(variance, 1e-12))

    def slopes(self, points: Points, columns: Numbers) -> tuple[float, float, Numbers, Numbers]:
        """Mean and deviation at one point, and their gradients.

        Args:
            points: one.
            columns: (c,) for each column of `Points.places`, how it changes with the place of
                its parameter.

        Returns:
            Mean, deviation, and the gradients of both by each column, (c,) each.
        """
        held = self._held
        square = squared_distances(self._encoding, points, self._points, held.weights)[0]
        cross = held.amplitude * matern(square)
        half = self._inverse @ cross
        solved = self._inverse.T @ half
        deviation = float(np.sqrt(max(held.amplitude - half @ half, 1e-12)))
        steep = held.amplitude * slope(square)
        weights = 2.0 * held.weights[self._encoding.scale_of_place] * columns
        apart = (points.places[0] - self._points.places) * weights  # d(r^2) / dx
        by_mean = (self._alpha * steep[: self._n]) @ apart[: self._n]
        by_deviation = -(solved * steep) @ apart / deviation
        return float(cross[: self._n] @ self._alpha), deviation, by_mean, by_deviation
