"""The Gaussian process given the data: mean, deviation, and their gradients."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.linalg import cho_solve, cholesky, solve_triangular

from crosstune.samplers.gaussian_process.dimensions import Numbers
from crosstune.samplers.gaussian_process.encoding import Encoding, Points
from crosstune.samplers.gaussian_process.fit import JITTER, Hyperparameters
from crosstune.samplers.gaussian_process.kernel import additive, matern, slope, squared_distances

WEIGHT, SPREAD = 0.7, 0.5
"""Prior mean and standard deviation of the sum of the weights of earlier studies."""


class Model:
    """The posterior of the function (Rasmussen and Williams 2006, algorithm 2.1).

    Running points are treated as evaluated with the expected mean (Desautels, Krause and Burdick
    2014, section 3.2): the mean is unchanged, and the deviation around them falls. Making a model
    is O(n^3) in the points, a prediction O(n^2).

    Args:
        encoding: of the points.
        points: n evaluated points, then the running ones.
        targets: (n,).
        extra: (n,) variances of noise beside the fitted one.
        hyper: the fitted hyperparameters.
        earlier: basis functions of the mean; None for none.
    """

    def __init__(
        self,
        encoding: Encoding,
        points: Points,
        targets: Numbers,
        extra: Numbers,
        hyper: Hyperparameters,
        earlier: Earlier | None = None,
    ):
        self._encoding, self._points, self._hyper = encoding, points, hyper
        self._earlier = earlier
        n, total = len(targets), len(points)
        covariance = self._between(points)
        covariance.flat[:: total + 1] += hyper.noise + JITTER
        covariance.flat[: n * (total + 1) : total + 1] += extra
        offset = np.zeros(total)
        if earlier is not None:
            basis = earlier.values(points)
            offset = earlier.weight * basis.sum(axis=1)
            self._basis = earlier.spread * basis
            covariance += self._basis @ self._basis.T
        lower = cholesky(covariance, lower=True, check_finite=False)
        # The leading block of the factor is that of the evaluated points.
        self._alpha = cho_solve((lower[:n, :n], True), targets - offset[:n], check_finite=False)
        self._n = n
        self._inverse = solve_triangular(lower, np.eye(total), lower=True, check_finite=False)
        means = targets - (hyper.noise + JITTER + extra) * self._alpha
        believed = offset[n:] + covariance[n:, :n] @ self._alpha
        self.smallest = float(np.concatenate([means, believed]).min())
        """The smallest mean at these points, to improve on."""

    def mean(self, points: Points) -> Numbers:
        """(m,) the mean of the function at m points."""
        cross, offset, _ = self._covariance(points)
        return np.asarray(offset + cross[:, : self._n] @ self._alpha)

    def predict(self, points: Points) -> tuple[Numbers, Numbers]:
        """Mean and deviation of the function at m points; (m,) each."""
        cross, offset, prior = self._covariance(points)
        half = cross @ self._inverse.T
        variance = prior - np.einsum("ij,ij->i", half, half)
        return offset + cross[:, : self._n] @ self._alpha, np.sqrt(np.maximum(variance, 1e-12))

    def slopes(self, points: Points, columns: Numbers) -> tuple[float, float, Numbers, Numbers]:
        """Mean and deviation at one point, and their gradients.

        Args:
            points: a single point.
            columns: (c,) the derivative of each column of `Points.places` by the place of its
                parameter.

        Returns:
            Mean, deviation, and the gradients of both by each column, (c,) each.
        """
        hyper, n = self._hyper, self._n
        square = squared_distances(self._encoding, points, self._points, hyper.weights)[0]
        cross = (1.0 - hyper.additive) * hyper.amplitude * matern(square)
        if hyper.additive:
            cross += self._added(points)[0]
        prior, offset = hyper.amplitude, 0.0
        if self._earlier is not None:
            at = self._earlier.spread * self._earlier.values(points)[0]
            prior, offset = prior + at @ at, self._earlier.weight / self._earlier.spread * at.sum()
            cross = cross + self._basis @ at
        half = self._inverse @ cross
        solved = self._inverse.T @ half
        deviation = float(np.sqrt(max(prior - half @ half, 1e-12)))
        steep = (1.0 - hyper.additive) * hyper.amplitude * slope(square)
        weights = 2.0 * hyper.weights[self._encoding.scale_of_place] * columns
        apart = (points.places[0] - self._points.places) * weights  # d(r^2) / dx
        by_mean = (self._alpha * steep[:n]) @ apart[:n]
        by_deviation = -(solved * steep) @ apart / deviation
        if self._earlier is not None:
            turned = self._earlier.spread * self._earlier.slopes(points, columns)
            by_mean = by_mean + (self._alpha @ self._basis[:n]) @ turned
            by_mean += self._earlier.weight / self._earlier.spread * turned.sum(axis=0)
            by_deviation += (at - solved @ self._basis) @ turned / deviation
        return float(offset + cross[:n] @ self._alpha), deviation, by_mean, by_deviation

    def _between(self, points: Points) -> Numbers:
        """(m, n) the covariance of m points with those of the model, without earlier studies."""
        hyper = self._hyper
        square = squared_distances(self._encoding, points, self._points, hyper.weights)
        joint = (1.0 - hyper.additive) * hyper.amplitude * matern(square)
        return joint + self._added(points) if hyper.additive else joint

    def _added(self, points: Points) -> Numbers:
        """(m, n) the additive part of that covariance."""
        hyper = self._hyper
        sums = additive(self._encoding, points, self._points, hyper.weights)
        return hyper.additive * hyper.amplitude * sums

    def _covariance(self, points: Points) -> tuple[Numbers, Numbers | float, Numbers | float]:
        """Covariance of m points with those of the model, (m, n), and their prior mean and
        variance, which are single numbers if there are no earlier studies."""
        cross = self._between(points)
        if self._earlier is None:
            return cross, 0.0, self._hyper.amplitude
        basis = self._earlier.values(points)
        offset = self._earlier.weight * basis.sum(axis=1)
        basis = self._earlier.spread * basis
        cross += basis @ self._basis.T
        return cross, offset, self._hyper.amplitude + (basis * basis).sum(axis=1)


class Earlier:
    """The earlier studies as basis functions.

    Args:
        models: of the studies.

    Attributes:
        weight: prior mean of the weight of each function.
        spread: prior standard deviation of that weight.
    """

    def __init__(self, models: Sequence[Model]):
        self._models = models
        self.weight = WEIGHT / len(models)
        self.spread = SPREAD / len(models) ** 0.5

    @property
    def choices(self) -> list[Earlier]:
        """All studies together and, if there are several, each alone."""
        alone = [Earlier([model]) for model in self._models]
        return [self, *alone] if len(alone) > 1 else [self]

    def values(self, points: Points) -> Numbers:
        """(m, k) the functions at m points."""
        return np.stack([model.mean(points) for model in self._models], axis=1)

    def slopes(self, points: Points, columns: Numbers) -> Numbers:
        """(k, c) their gradients at one point; see `Model.slopes`."""
        return np.array([model.slopes(points, columns)[2] for model in self._models])
