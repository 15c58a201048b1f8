"""The fit of length scales, amplitude and noise to the data.

It maximises the posterior density: the marginal likelihood (Rasmussen and Williams 2006,
eq. 2.30, gradient eq. 5.9) times log-normal priors. The length scales' median grows with
the square root of the number of parameters (Hvarfner, Hellsten and Nardi 2024, section 4).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cholesky
from scipy.linalg.lapack import dpotri
from scipy.optimize import minimize
from scipy.special import expit

from crosstune.samplers.gaussian_process.dimensions import Numbers
from crosstune.samplers.gaussian_process.kernel import matern, slope

JITTER = 1e-8
SCALE, SCALE_SPREAD = math.log(0.4), 0.6
"""Mean and deviation of the log of a length scale, minus half the log of d."""
AMPLITUDE_SPREAD = 0.3
NOISE, NOISE_SPREAD = math.log(1e-3), 2.0
"""Mean and deviation of the log of the noise's variance; the targets have variance 1."""
SHARE_SPREAD = 1.5
"""Deviation of the logit of the additive share, whose mean is a half."""
BOUND = 4.0
"""Bound of the fit, in deviations from the prior's mean."""


@dataclass(frozen=True)
class Hyperparameters:
    """The fitted quantities.

    Attributes:
        lengths: (d,) in units of the places.
        amplitude: the prior variance of the function.
        noise: the variance of the noise.
        additive: the additive share of the covariance, 0 to 1.
    """

    lengths: Numbers
    amplitude: float
    noise: float
    additive: float = 0.0

    @property
    def weights(self) -> Numbers:
        """(d,) 1 / l^2."""
        return np.asarray(self.lengths**-2.0)


class Posterior:
    """The negative log posterior of hyperparameters, up to a constant.

    `theta` is the log of the lengths, the amplitude and the noise, in deviations of the prior
    from its mean: a well-scaled problem.

    Args:
        parts: (d, n, n) squared distances per parameter.
        targets: (n,).
        extra: (n,) variances of noise beside the fitted one.
        fixed: (n, n) a part of the covariance that does not depend on theta; None for none.
    """

    def __init__(
        self,
        parts: Numbers,
        targets: Numbers,
        extra: Numbers,
        fixed: Numbers | None = None,
        choices: Sequence[int] = (),
    ):
        self._d, self._n = parts.shape[:2]
        self._parts = parts.reshape(self._d, -1)
        self._targets = targets
        self._extra = extra
        self._fixed = fixed
        self._choices = choices
        share = bool(choices)
        mean = [SCALE + 0.5 * math.log(self._d)] * self._d + [0.0, NOISE] + [0.0] * share
        self.mean = np.array(mean)
        spread = [SCALE_SPREAD] * self._d + [AMPLITUDE_SPREAD, NOISE_SPREAD]
        self.spread = np.array(spread + [SHARE_SPREAD] * share)

    def hyperparameters(self, theta: Numbers) -> Hyperparameters:
        """The hyperparameters of a theta."""
        d = self._d
        values = self.mean + self.spread * theta
        scales = np.exp(values[: d + 2])
        share = float(expit(values[-1])) if self._choices else 0.0
        return Hyperparameters(scales[:d], float(scales[d]), float(scales[d + 1]), share)

    def __call__(self, theta: Numbers) -> tuple[float, Numbers]:
        """The value and its gradient, (d + 2,) or, with an additive part, (d + 3,)."""
        d, n = self._d, self._n
        hyper = self.hyperparameters(theta)
        square = (hyper.weights @ self._parts).reshape(n, n)
        joint = hyper.amplitude * matern(square)
        smooth = joint.copy()
        if self._choices:
            shares = 1.0 - matern(hyper.weights[self._choices])
            total = float(shares.sum())
            sums = 1.0 - (shares @ self._parts[self._choices]).reshape(n, n) / total
            added = hyper.amplitude * sums
            smooth += hyper.additive * (added - joint)
        covariance = smooth.copy()
        covariance.flat[:: n + 1] += hyper.noise + JITTER + self._extra
        if self._fixed is not None:
            covariance += self._fixed
        lower = cholesky(covariance, lower=True, check_finite=False)
        inverse, _ = dpotri(lower, lower=1)
        inverse = np.tril(inverse) + np.tril(inverse, -1).T
        alpha = inverse @ self._targets
        value = 0.5 * self._targets @ alpha + np.log(np.diagonal(lower)).sum()
        value += 0.5 * theta @ theta
        by_covariance = 0.5 * (inverse - np.outer(alpha, alpha))  # eq. 5.9
        gradient = np.empty(len(theta))
        inner = by_covariance * ((1.0 - hyper.additive) * hyper.amplitude * slope(square))
        gradient[:d] = -2.0 * hyper.weights * (self._parts @ inner.ravel())
        gradient[d] = (by_covariance * smooth).sum()
        gradient[d + 1] = hyper.noise * np.trace(by_covariance)
        if self._choices:
            gradient[-1] = (by_covariance * (added - joint)).sum()
            gradient[-1] *= hyper.additive * (1.0 - hyper.additive)
            outer = by_covariance * (hyper.additive * hyper.amplitude / total)
            same = outer.sum() - self._parts[self._choices] @ outer.ravel()
            by_share = same - (outer * sums).sum()
            weights = hyper.weights[self._choices]
            gradient[self._choices] += by_share * 2.0 * weights * slope(weights)
        return float(value), gradient * self.spread + theta


def fit(posterior: Posterior, start: Numbers | None, steps: int) -> Numbers:
    """The theta of the highest posterior density near the better of two starts.

    Args:
        posterior: to maximise.
        start: an earlier theta; the other start is the prior's mean.
        steps: maximum number of L-BFGS steps.
    """
    first = np.zeros_like(posterior.mean)
    if start is not None and posterior(start)[0] < posterior(first)[0]:
        first = start
    result = minimize(
        posterior,
        first,
        jac=True,
        method="L-BFGS-B",
        bounds=[(-BOUND, BOUND)] * len(first),
        options={"maxiter": steps, "ftol": 1e-5},
    )
    return np.asarray(result.x)
