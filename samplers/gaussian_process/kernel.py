"""Matern 5/2 over weighted distances, with one length scale per parameter.

k(x, y) = a M(r^2), r^2 = sum_i D_i(x, y) / l_i^2 (Rasmussen and Williams 2006, eq. 4.17 and
section 5.1), where D_i is the squared difference of two places, and of an unordered choice 1
where the options differ (a Hamming distance; "inactive" is one more option).

Where most parameters are choices, a share of the covariance is additive: the sum over the choices
of w_i (1 - D_i), with w_i = 1 - M(1 / l_i^2) scaled to a sum of one (Duvenaud, Nickisch and
Rasmussen 2011, "Additive Gaussian processes", first order). What an option adds is then learned
from all trials that have it, whatever else they have.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from crosstune.samplers.gaussian_process.dimensions import Numbers
from crosstune.samplers.gaussian_process.encoding import Points

ROOT = math.sqrt(5.0)


class Scales(Protocol):
    """Which length scale belongs to which part of a point; an `Encoding` is one."""

    @property
    def d(self) -> int:
        """The number of length scales."""

    @property
    def scale_of_place(self) -> NDArray[Any]:
        """The length scale of each column of `Points.places`."""

    @property
    def unordered(self) -> Sequence[int]:
        """The length scale of each column of `Points.codes`."""


def matern(square: Numbers) -> Numbers:
    """M at squared distances: (1 + sqrt(5) r + 5/3 r^2) exp(-sqrt(5) r)."""
    root = ROOT * np.sqrt(square)
    decay = np.exp(-root)
    polynomial = 1.0 + root
    root *= root
    root /= 3.0
    polynomial += root
    polynomial *= decay
    return np.asarray(polynomial)


def slope(square: Numbers) -> Numbers:
    """dM / d(r^2): -5/6 (1 + sqrt(5) r) exp(-sqrt(5) r)."""
    root = ROOT * np.sqrt(square)
    return np.asarray(-5.0 / 6.0 * (1.0 + root) * np.exp(-root))


def matern_and_slope(square: Numbers) -> tuple[Numbers, Numbers]:
    """M and dM / d(r^2), for the work of one of them."""
    root = ROOT * np.sqrt(square)
    decay = np.exp(-root)
    linear = 1.0 + root
    root *= root
    root /= 3.0
    root += linear
    root *= decay
    linear *= decay
    linear *= -5.0 / 6.0
    return root, linear


def squared_distances(encoding: Scales, a: Points, b: Points, weights: Numbers) -> Numbers:
    """(len(a), len(b)) the r^2 between points.

    Args:
        encoding: of both.
        a, b: points.
        weights: (d,) 1 / l^2.
    """
    roots = np.sqrt(weights[encoding.scale_of_place])
    left, right = a.places * roots, b.places * roots
    square: Numbers = left @ right.T
    square *= -2.0
    square += (left * left).sum(axis=1)[:, None]
    square += (right * right).sum(axis=1)[None, :]
    np.maximum(square, 0.0, out=square)
    for column, i in enumerate(encoding.unordered):
        square += weights[i] * (a.codes[:, column, None] != b.codes[None, :, column])
    return square


def additive(encoding: Scales, a: Points, b: Points, weights: Numbers) -> Numbers:
    """(len(a), len(b)) the additive part of the correlation of points.

    Args:
        encoding: of both.
        a, b: points.
        weights: (d,) 1 / l^2.
    """
    shares = 1.0 - matern(weights[encoding.unordered])
    shares = shares / shares.sum()
    total = np.zeros((len(a), len(b)))
    for column, share in enumerate(shares):
        total += share * (a.codes[:, column, None] == b.codes[None, :, column])
    return total


def parts(encoding: Scales, points: Points) -> Numbers:
    """(d, n, n) the D_i between points."""
    n = len(points)
    squares = np.zeros((encoding.d, n, n))
    for column, i in enumerate(encoding.scale_of_place):
        squares[i] += (points.places[:, column, None] - points.places[None, :, column]) ** 2
    for column, i in enumerate(encoding.unordered):
        squares[i] = points.codes[:, column, None] != points.codes[None, :, column]
    return squares
