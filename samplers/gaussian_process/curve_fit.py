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
from scipy.linalg.lapack import dpotrf, dpotri, dpotrs

from crosstune.samplers.gaussian_process.curve_rows import Rows
from crosstune.samplers.gaussian_process.dimensions import Numbers
from crosstune.samplers.gaussian_process.fit import JITTER
from crosstune.samplers.gaussian_process.kernel import matern_and_slope

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
    """(m, n) the correlation C between times, most of which repeat."""
    moments, at = np.unique(times, return_inverse=True)
    marks, instants = np.unique(others, return_inverse=True)
    root = math.sqrt(3.0) / TIME * np.abs(moments[:, None] - marks[None, :])
    correlation = (1.0 + root) * np.exp(-root)
    return np.asarray(correlation[at][:, instants])


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

    All matrices are symmetric, so only their lower triangles are computed, row after row.

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
        d, m = parts.shape[:2]
        n = len(rows)
        self.d, self._n = d, n
        self._configurations, self._rows = Triangle(m), Triangle(n)
        self._parts = self._configurations.of(parts)
        i, j = self._rows.i, self._rows.j
        pairs = rows.of[i] * (rows.of[i] + 1) // 2 + rows.of[j]
        self._pairs = None if m == n else pairs
        """Of each pair of rows, its pair of configurations; None if they are the same."""
        self._course = self._rows.of(course(rows.times, rows.times))
        self._left = rows.left[i] * rows.left[j]
        self._times = np.where(i == j, 0.5, 1.0)  # half of how often a pair is in the matrix
        self._extra = rows.extra
        self._targets = rows.values if offset is None else rows.values - offset[rows.of]
        self._fixed = None if fixed is None else self._spread(self._configurations.of(fixed))
        self.mean = np.zeros(d + len(NAMES))

    def _spread(self, pairs: Numbers) -> Numbers:
        """From pairs of configurations to pairs of rows, in a new array."""
        return pairs.copy() if self._pairs is None else pairs[self._pairs]

    def _gathered(self, pairs: Numbers) -> Numbers:
        """The sums over pairs of rows, by pair of configurations."""
        if self._pairs is None:
            return pairs
        sums: Numbers = np.bincount(self._pairs, pairs, len(self._configurations)).astype(float)
        return sums

    def __call__(self, theta: Numbers) -> tuple[float, Numbers]:
        """The value and its gradient, (d + 7,)."""
        d, same = self.d, self._configurations.diagonal
        hyper = hyperparameters(theta, d)
        square = hyper.weights @ self._parts
        level, level_slope = matern_and_slope(square)
        shorter, shorter_slope = matern_and_slope(square / SHORTER**2)
        moving = hyper.course * shorter
        moving += hyper.common
        moving[same] += hyper.own
        rising = hyper.rise * level
        rising[same] += hyper.own_rise
        covariance = self._spread(moving)
        covariance *= self._course
        covariance += self._spread(hyper.near * level)
        left = self._spread(rising)
        left *= self._left
        covariance += left
        covariance[self._rows.diagonal] += hyper.noise + JITTER + self._extra
        if self._fixed is not None:
            covariance += self._fixed
        log_root, alpha, inverse = self._inverted(covariance)
        value = 0.5 * self._targets @ alpha + log_root + 0.5 * theta @ theta
        # Its derivative by each entry of the covariance (Rasmussen and Williams 2006, eq. 5.9).
        inverse -= alpha[self._rows.i] * alpha[self._rows.j]
        inverse *= self._times
        plain = self._gathered(inverse)
        timed = self._gathered(inverse * self._course)
        by_left = self._gathered(inverse * self._left)
        inner = (hyper.near * plain + hyper.rise * by_left) * level_slope
        inner += hyper.course / SHORTER**2 * timed * shorter_slope
        gradient = np.empty(len(theta))
        gradient[:d] = -2.0 * hyper.weights * (self._parts @ inner) * SCALE_SPREAD
        by_variance = [
            hyper.near * (plain @ level),
            hyper.common * timed.sum(),
            hyper.course * (timed @ shorter),
            hyper.own * timed[same].sum(),
            hyper.rise * (by_left @ level),
            hyper.own_rise * by_left[same].sum(),
            hyper.noise * inverse[self._rows.diagonal].sum(),
        ]
        gradient[d:] = SPREADS * by_variance
        return float(value), gradient + theta

    def _inverted(self, covariance: Numbers) -> tuple[float, Numbers, Numbers]:
        """Half of the log determinant, the weights of the targets, and the inverse.

        Args:
            covariance: the lower triangle.

        Raises:
            LinAlgError: it is not positive definite.
        """
        # LAPACK reads columns where numpy has rows, so its upper triangle is our lower one.
        upper, info = dpotrf(self._rows.square(covariance).T, lower=0, overwrite_a=1)
        if info:
            raise np.linalg.LinAlgError(f"the covariance of {self._n} rows is not positive")
        log_root = float(np.log(np.diagonal(upper)).sum())
        alpha, _ = dpotrs(upper, self._targets, lower=0)
        inverse, _ = dpotri(upper, lower=0, overwrite_c=1)
        return log_root, alpha, self._rows.of(inverse.T)


class Triangle:
    """The lower triangle of symmetric matrices, its rows one after the other.

    Args:
        n: of an (n, n) matrix.

    Attributes:
        i, j: row and column of each entry.
        diagonal: (n,) the places of the entries on the diagonal.

    >>> Triangle(2).of(np.array([[1.0, 2.0], [2.0, 3.0]])).tolist()
    [1.0, 2.0, 3.0]
    """

    def __init__(self, n: int):
        self._n = n
        self.i, self.j = np.tril_indices(n)
        self._places = self.i * n + self.j
        self.diagonal = np.cumsum(np.arange(1, n + 1)) - 1

    def __len__(self) -> int:
        return len(self.i)

    def of(self, matrices: Numbers) -> Numbers:
        """(..., n (n + 1) / 2) the entries of (..., n, n) matrices."""
        return matrices.reshape(*matrices.shape[:-2], -1).take(self._places, axis=-1)

    def square(self, entries: Numbers) -> Numbers:
        """(n, n) the lower triangle as a matrix, 0 above it."""
        matrix = np.zeros((self._n, self._n))
        matrix.ravel()[self._places] = entries
        return matrix
