"""The curve model given the data: where configurations end, and the gradients of that."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve, cholesky
from scipy.linalg.lapack import dtrtri

from crosstune.samplers.gaussian_process.curve_fit import SHORTER, CurveHyperparameters, course
from crosstune.samplers.gaussian_process.curve_rows import Rows
from crosstune.samplers.gaussian_process.dimensions import Numbers
from crosstune.samplers.gaussian_process.encoding import Points
from crosstune.samplers.gaussian_process.fit import JITTER
from crosstune.samplers.gaussian_process.kernel import Scales, matern, slope, squared_distances
from crosstune.samplers.gaussian_process.model import Earlier


class CurveProcess:
    """The posterior of the ends (Rasmussen and Williams 2006, algorithm 2.1).

    Running points are treated as evaluated at the end with the expected mean, as in `Model`. Making
    it is O(n^3) in the rows, a prediction O(n^2).

    Args:
        scales: tell which place belongs to which length.
        points: m configurations, then the running ones.
        rows: of the m configurations.
        hyper: the fitted hyperparameters.
        earlier: basis functions of the mean; None for none.
    """

    def __init__(
        self,
        scales: Scales,
        points: Points,
        rows: Rows,
        hyper: CurveHyperparameters,
        earlier: Earlier | None = None,
    ):
        self._scales, self._points, self._hyper = scales, points, hyper
        self._earlier = earlier
        self._n, self._m = len(rows), int(rows.of[-1]) + 1
        pending = np.arange(self._m, len(points))
        self._of: NDArray[np.intp] = np.concatenate([rows.of, pending])
        self._times = np.concatenate([rows.times, np.ones(len(pending))])
        self._to_end = course(np.ones(1), self._times)[0]
        left = np.concatenate([rows.left, np.zeros(len(pending))])
        square = squared_distances(scales, points, points, hyper.weights)
        level, moving = self._correlated(square)
        covariance = self._of_rows(moving + hyper.own * np.eye(len(points)))
        covariance *= course(self._times, self._times)
        covariance += self._of_rows(hyper.near * level)
        rising = self._of_rows(hyper.rise * level + hyper.own_rise * np.eye(len(points)))
        rising *= np.outer(left, left)
        covariance += rising
        total = len(self._of)
        covariance.flat[:: total + 1] += hyper.noise + JITTER
        covariance.flat[: self._n * (total + 1) : total + 1] += rows.extra
        offset = np.zeros(total)
        if earlier is not None:
            basis = earlier.values(points)
            offset = (earlier.weight * basis.sum(axis=1))[self._of]
            self._basis = (earlier.spread * basis)[self._of]
            covariance += self._basis @ self._basis.T
        lower = cholesky(covariance, lower=True, check_finite=False)
        n = self._n
        # The leading block of the factor is that of the rows.
        self._alpha = cho_solve((lower[:n, :n], True), rows.values - offset[:n], check_finite=False)
        self._inverse, _ = dtrtri(lower, lower=1)
        self.means, self.deviations = self._ends(level[: self._m], moving[: self._m])
        """(m,) each, of the ends of the configurations."""
        believed = offset[n:] + covariance[n:, :n] @ self._alpha
        self.smallest = float(np.concatenate([self.means, believed]).min())
        """The smallest mean of an end, to improve on."""

    def _correlated(self, square: Numbers) -> tuple[Numbers, Numbers]:
        """K, and what changes with time, between configurations at squared distances."""
        moving = matern(square / SHORTER**2)
        moving *= self._hyper.course
        moving += self._hyper.common
        return matern(square), moving

    def _of_rows(self, pairs: Numbers) -> Numbers:
        """From pairs of configurations to pairs of rows."""
        return pairs[self._of][:, self._of]

    def _ends(self, level: Numbers, moving: Numbers) -> tuple[Numbers, Numbers]:
        """Mean and deviation of the ends of the configurations, with their own curves."""
        configurations = np.arange(self._m)
        cross, offset, prior = self._covariance(self._points[configurations], level, moving)
        cross += self._hyper.own * (configurations[:, None] == self._of) * self._to_end
        mean, variance = self._conditioned(cross, offset, prior + self._hyper.own)
        return mean, np.sqrt(variance)

    def predict(self, points: Points) -> tuple[Numbers, Numbers]:
        """Mean and deviation of the ends of new configurations; (k,) each."""
        square = squared_distances(self._scales, points, self._points, self._hyper.weights)
        mean, variance = self._conditioned(*self._covariance(points, *self._correlated(square)))
        return mean, np.sqrt(variance)

    def _conditioned(
        self, cross: Numbers, offset: Numbers | float, prior: Numbers | float
    ) -> tuple[Numbers, Numbers]:
        half = cross @ self._inverse.T
        variance = prior - np.einsum("ij,ij->i", half, half)
        return offset + cross[:, : self._n] @ self._alpha, np.maximum(variance, 1e-12)

    def slopes(self, points: Points, columns: Numbers) -> tuple[float, float, Numbers, Numbers]:
        """Mean and deviation of the end at one point, and their gradients; see `Model.slopes`."""
        hyper, of, n = self._hyper, self._of, self._n
        square = squared_distances(self._scales, points, self._points, hyper.weights)[0]
        wide = square / SHORTER**2
        cross, offset, prior = self._covariance(points, *self._correlated(square[None]))
        cross = cross[0]
        half = self._inverse @ cross
        solved = self._inverse.T @ half
        prior = float(np.ravel(prior)[0])
        deviation = float(np.sqrt(max(prior - half @ half, 1e-12)))
        steep = (hyper.near * slope(square))[of]
        steep += (hyper.course / SHORTER**2 * slope(wide))[of] * self._to_end
        weights = 2.0 * hyper.weights[self._scales.scale_of_place] * columns
        apart = ((points.places[0] - self._points.places) * weights)[of]  # d(r^2) / dx
        by_mean = (self._alpha * steep[:n]) @ apart[:n]
        by_deviation = -(solved * steep) @ apart / deviation
        if self._earlier is not None:
            at = self._earlier.spread * self._earlier.values(points)[0]
            turned = self._earlier.spread * self._earlier.slopes(points, columns)
            by_mean = by_mean + (self._alpha @ self._basis[:n]) @ turned
            by_mean += self._earlier.weight / self._earlier.spread * turned.sum(axis=0)
            by_deviation += (at - solved @ self._basis) @ turned / deviation
        mean = float(np.ravel(offset)[0] + cross[:n] @ self._alpha)
        return mean, deviation, by_mean, by_deviation

    def _covariance(
        self, points: Points, level: Numbers, moving: Numbers
    ) -> tuple[Numbers, Numbers | float, Numbers | float]:
        """The covariance of the ends of k points with the rows, and their prior mean and variance.

        Args:
            points: k of them, without what each has of its own.
            level, moving: as from `_correlated`, (k, m).
        """
        cross = moving[:, self._of]
        cross *= self._to_end
        cross += (self._hyper.near * level)[:, self._of]
        if self._earlier is None:
            return cross, 0.0, self._hyper.end
        basis = self._earlier.values(points)
        offset = self._earlier.weight * basis.sum(axis=1)
        basis = self._earlier.spread * basis
        cross += basis @ self._basis.T
        return cross, offset, self._hyper.end + (basis * basis).sum(axis=1)
