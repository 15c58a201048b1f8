"""A Gaussian process with noise, against ones without: which explains the values better?

Without noise the function has to pass through all values. It may be smooth (Matern 5/2), rough
(Matern 1/2, whose changes over a short distance are large), or smooth with a rough part on a
shorter scale, as the function of Rastrigin is. So noise is what makes near points differ more than
a rough function would.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_solve, cholesky
from scipy.linalg.lapack import dpotri
from scipy.optimize import minimize

from crosstune.recommendation.scale import SHIFTS, Numbers, Scale
from crosstune.samplers.gaussian_process.kernel import matern, slope

# Logarithms: the prior's mean and deviation. Scaled values have variance 1.
LENGTH = math.log(0.4), 0.6
"""Of a length scale, minus half the log of the number of parameters."""
AMPLITUDE = 0.0, 0.3
NOISE = math.log(0.1), 1.5
"""Of the variance of the noise."""
SHARE = -1.5, 1.5
"""Of the odds of the rough part's share in the variance."""
RATIO = math.log(8.0), 0.8
"""Of how many times shorter the scale of the rough part is."""

SMOOTH, ROUGH, BOTH, NOISY = "smooth", "rough", "both", "noisy"
"""The models; only the last one has noise."""
_MORE = {SMOOTH: [], ROUGH: [], BOTH: [SHARE, RATIO], NOISY: [NOISE]}

BOUND = 4.0
"""Bound of the fit, in deviations from the prior's mean."""
SHORT = -2.0
"""Another start of the lengths of a function without noise, in the same unit."""
JITTER = 1e-6
STEPS = 40


class Likelihood:
    """The negative log posterior of a model's hyperparameters, up to a constant.

    `theta` is the log of lengths, amplitude and further ones, in deviations of the prior from its
    mean.

    Args:
        model: one of the four.
        parts: (d, n, n) squared distances by parameter.
        values: (n,) on a scale.
    """

    def __init__(self, model: str, parts: Numbers, values: Numbers):
        self._d, self._n = parts.shape[:2]
        self._model = model
        self._parts = parts.reshape(self._d, -1)
        self._values = values
        length = LENGTH[0] + 0.5 * math.log(self._d), LENGTH[1]
        priors = np.array([*[length] * self._d, AMPLITUDE, *_MORE[model]])
        self._mean, self._spread = priors.T

    def __call__(self, theta: Numbers) -> tuple[float, Numbers]:
        """The value and its gradient; Rasmussen and Williams 2006, eq. 2.30 and 5.9."""
        d = self._d
        weights, function, steep, noise, more = self._function(theta)
        lower = cholesky(self._with(function, noise), lower=True, check_finite=False)
        inverse, _ = dpotri(lower, lower=1)
        inverse = np.tril(inverse) + np.tril(inverse, -1).T
        alpha = inverse @ self._values
        value = 0.5 * self._values @ alpha + np.log(np.diagonal(lower)).sum() + 0.5 * theta @ theta
        by_covariance = 0.5 * (inverse - np.outer(alpha, alpha))
        gradient = np.empty(len(theta))
        gradient[:d] = -2.0 * weights * (self._parts @ (by_covariance * steep).ravel())
        gradient[d] = (by_covariance * function).sum()
        gradient[d + 1 :] = [(by_covariance * change).sum() for change in more]
        return float(value), gradient * self._spread + theta

    def _function(self, theta: Numbers) -> tuple[Numbers, Numbers, Numbers, float, list[Numbers]]:
        """Weights, covariance of the function, its derivative by squared distances, the noise, and
        the derivatives of the covariance by the further hyperparameters."""
        d, n = self._d, self._n
        fitted = np.exp(self._mean + self._spread * theta)
        weights, amplitude = fitted[:d] ** -2.0, fitted[d]
        square = (weights @ self._parts).reshape(n, n)
        if self._model == ROUGH:
            correlation, steep = rough(square)
        else:
            correlation, steep = matern(square), slope(square)
        if self._model == NOISY:
            noise = float(fitted[d + 1])
            return weights, amplitude * correlation, amplitude * steep, noise, [noise * np.eye(n)]
        more = []
        if self._model == BOTH:
            share, ratio = fitted[d + 1] / (1 + fitted[d + 1]), fitted[d + 2] ** 2
            second, steeper = rough(square * ratio)
            more = [
                amplitude * share * (1 - share) * (second - correlation),
                2.0 * amplitude * share * ratio * steeper * square,
            ]
            correlation = (1 - share) * correlation + share * second
            steep = (1 - share) * steep + share * ratio * steeper
        return weights, amplitude * correlation, amplitude * steep, 0.0, more

    def _with(self, function: Numbers, noise: float) -> Numbers:
        covariance = function.copy()
        covariance.flat[:: self._n + 1] += noise + JITTER
        return covariance

    def fit(self) -> tuple[float, Numbers]:
        """The lowest value, and its theta."""
        zero = np.zeros_like(self._mean)
        starts = [zero]
        if self._model in (SMOOTH, ROUGH):
            starts.append(np.where(np.arange(len(zero)) < self._d, SHORT, 0.0))
        results = [
            minimize(
                self,
                start,
                jac=True,
                method="L-BFGS-B",
                bounds=[(-BOUND, BOUND)] * len(start),
                options={"maxiter": STEPS, "ftol": 1e-6},
            )
            for start in starts
        ]
        best = min(results, key=lambda result: float(result.fun))
        return float(best.fun), np.asarray(best.x)

    def posterior(self, theta: Numbers, chosen: Sequence[int]) -> tuple[Numbers, Numbers, float]:
        """Mean (m,) and covariance (m, m) of the function at chosen rows, and the noise's variance.

        Args:
            theta: from `fit`.
            chosen: m rows.
        """
        _, function, _, noise, _ = self._function(theta)
        lower = cholesky(self._with(function, noise), lower=True, check_finite=False), True
        cross = function[:, list(chosen)]
        mean = cross.T @ cho_solve(lower, self._values, check_finite=False)
        spread = cross[list(chosen)] - cross.T @ cho_solve(lower, cross, check_finite=False)
        return mean, spread, noise


def rough(square: Numbers) -> tuple[Numbers, Numbers]:
    """Matern 1/2 of squared distances, and its derivative; 0 at 0, where it has none."""
    distance = np.sqrt(square)
    correlation = np.exp(-distance)
    steep = np.where(distance > 0, -correlation / (2 * np.maximum(distance, 1e-9)), 0.0)
    return correlation, steep


@dataclass(frozen=True)
class ScaledFit:
    """A model that was fitted to values on a scale.

    Attributes:
        scale: of the values.
        likelihood, theta: of the fit on that scale.
        score: the negative log density of the values in the metric's units.
    """

    scale: Scale
    likelihood: Likelihood
    theta: Numbers
    score: float


def with_noise(parts: Numbers, values: Numbers) -> ScaledFit:
    """The best fit with noise over the candidates for the scale.

    Args:
        parts: (d, n, n) squared distances by parameter.
        values: (n,) finite, less is better, not all equal.
    """
    return min(_fits(NOISY, parts, values), key=lambda fit: fit.score)


def without_noise(parts: Numbers, values: Numbers) -> float:
    """The negative log density of the values by the best fit without noise.

    Args:
        parts, values: as in `with_noise`.
    """
    models = (SMOOTH, ROUGH, BOTH)
    return min(fit.score for model in models for fit in _fits(model, parts, values))


def _fits(model: str, parts: Numbers, values: Numbers) -> list[ScaledFit]:
    fits = []
    for shift in SHIFTS:
        scale = Scale.of(values, shift)
        likelihood = Likelihood(model, parts, scale(values))
        value, theta = likelihood.fit()
        fits.append(ScaledFit(scale, likelihood, theta, value - scale.stretch(values)))
    return fits
