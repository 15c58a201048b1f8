"""The hyperparameters of the curve model, and their fit.

The covariance of two reports, at the times t and s of the configurations x and y, with the shares
p and q of their training left, is

    near K(x, y) + (common + course Kc(x, y) + own [x = y]) C(t, s)
    + (rise K(x, y) + own_rise [x = y]) p q + noise [same report]

K is Matern 5/2, Kc the same with 0.7 of its lengths, and C is Matern 3/2 of the logarithm of the
epoch. The idea is from Swersky, Snoek and Adams 2014, "Freeze-thaw Bayesian optimization".
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky
from scipy.linalg.lapack import dpotri

from crosstune.samplers.gaussian_process.curve_rows import Rows
from crosstune.samplers.gaussian_process.dimensions import Numbers
from crosstune.samplers.gaussian_process.fit import JITTER
from crosstune.samplers.gaussian_process.kernel import matern, slope

TIME = 0.8
"""Length scale of the logarithm of the epoch, in units of a whole training."""
SHORTER = 0.7
"""The lengths of Kc, in units of those of K."""
SCALE, SCALE_SPREAD = math.log(1.5), 0.5
"""Mean and deviation of the log of a length scale."""
NAMES = ("near", "common", "course", "own", "rise", "own_rise", "noise")
MEDIANS = np.log([1.0, 1.0, 0.5, 0.05, 0.3, 0.1, 0.01])
"""Means of the logs of the variances, in the order of `NAMES`."""
SPREADS = np.array([0.5, 0.5, 0.5, 0.7, 0.7, 0.7, 1.5])
"""Deviations of those logs."""


@dataclass(frozen=True)
class CurveHyperparameters:
    """The fitted quantities: see the covariance above.

    Attributes:
        lengths: (d,) in units of the places.
    """

    lengths: Numbers
    near: float
    common: float
    course: float
    own: float
    rise: float
    own_rise: float
    noise: float

    @property
    def weights(self) -> Numbers:
        """(d,) 1 / l^2."""
        return np.asarray(self.lengths**-2.0)

    @property
    def end(self) -> float:
        """Prior variance of the end of a new configuration, without its own deviation."""
        return self.near + self.common + self.course


def course(times: Numbers, others: Numbers) -> Numbers:
    """(m, n) the correlation C between times."""
    root = math.sqrt(3.0) / TIME * np.abs(times[:, None] - others[None, :])
    return np.asarray((1.0 + root) * np.exp(-root))


def hyperparameters(theta: Numbers, d: int) -> CurveHyperparameters:
    """The hyperparameters of a theta.

    Args:
        theta: (d + 7,) the logs of the lengths and of the variances, in deviations of the prior
            from its mean.
        d: the number of lengths.
    """
    lengths = np.exp(SCALE + SCALE_SPREAD * theta[:d])
    variances = np.exp(MEDIANS + SPREADS * theta[d:])
    return CurveHyperparameters(lengths, *(float(variance) for variance in variances))


class CurvePosterior:
    """The negative log posterior of theta, up to a constant; see `hyperparameters`.

    Args:
        parts: (d, m, m) squared distances per parameter between the configurations.
        rows: of the curves, n of them.
        fixed: (m, m) a part of the covariance of configurations that does not depend on theta;
            None for none.
        offset: (m,) prior means of configurations; None for 0.
    """

    def __init__(
        self,
        parts: Numbers,
        rows: Rows,
        fixed: Numbers | None = None,
        offset: Numbers | None = None,
    ):
        self.d, self._m = parts.shape[:2]
        self._parts = parts.reshape(self.d, -1)
        self._rows = rows
        self._course = course(rows.times, rows.times)
        self._left = np.outer(rows.left, rows.left)
        self._starts = np.flatnonzero(np.diff(rows.of, prepend=-1))
        self._targets = rows.values if offset is None else rows.values - offset[rows.of]
        self._fixed = None if fixed is None else self._spread(fixed)
        self.mean = np.zeros(self.d + len(NAMES))

    def _spread(self, pairs: Numbers) -> Numbers:
        """From pairs of configurations to pairs of rows."""
        return pairs[np.ix_(self._rows.of, self._rows.of)]

    def _gathered(self, pairs: Numbers) -> Numbers:
        """The sums over pairs of rows, by pair of configurations."""
        sums = np.add.reduceat(pairs, self._starts, axis=0)
        return np.asarray(np.add.reduceat(sums, self._starts, axis=1))

    def __call__(self, theta: Numbers) -> tuple[float, Numbers]:
        """The value and its gradient, (d + 7,)."""
        d, m, n = self.d, self._m, len(self._rows)
        hyper = hyperparameters(theta, d)
        square = (hyper.weights @ self._parts).reshape(m, m)
        level, shorter = matern(square), matern(square / SHORTER**2)
        same: NDArray[np.float64] = np.eye(m)
        covariance = self._spread(hyper.near * level)
        moving = hyper.common + hyper.course * shorter + hyper.own * same
        covariance += self._spread(moving) * self._course
        covariance += self._spread(hyper.rise * level + hyper.own_rise * same) * self._left
        covariance.flat[:: n + 1] += hyper.noise + JITTER + self._rows.extra
        if self._fixed is not None:
            covariance += self._fixed
        lower = cholesky(covariance, lower=True, check_finite=False)
        inverse, _ = dpotri(lower, lower=1)
        inverse = np.tril(inverse) + np.tril(inverse, -1).T
        alpha = inverse @ self._targets
        value = 0.5 * self._targets @ alpha + np.log(np.diagonal(lower)).sum()
        value += 0.5 * theta @ theta
        by_covariance = 0.5 * (inverse - np.outer(alpha, alpha))
        plain = self._gathered(by_covariance)
        timed = self._gathered(by_covariance * self._course)
        rising = self._gathered(by_covariance * self._left)
        gradient = np.empty(len(theta))
        inner = (hyper.near * plain + hyper.rise * rising) * slope(square)
        inner += hyper.course / SHORTER**2 * timed * slope(square / SHORTER**2)
        gradient[:d] = -2.0 * hyper.weights * (self._parts @ inner.ravel()) * SCALE_SPREAD
        by_variance = [
            hyper.near * (plain * level).sum(),
            hyper.common * timed.sum(),
            hyper.course * (timed * shorter).sum(),
            hyper.own * np.trace(timed),
            hyper.rise * (rising * level).sum(),
            hyper.own_rise * np.trace(rising),
            hyper.noise * np.trace(by_covariance),
        ]
        gradient[d:] = SPREADS * by_variance
        return float(value), gradient + theta
