"""A penalty of the outer tenths of each range, where a model has neighbours on one side only.

The variance of a Gaussian process grows towards the ends of a range, so that its acquisition has
many of its maxima there. Added to the logarithm of the acquisition, the penalty asks for more than
the variance of an end before an end is tried.
"""

from __future__ import annotations

import numpy as np

from crosstune.samplers.gaussian_process.dimensions import Numbers
from crosstune.samplers.gaussian_process.encoding import Encoding

INNER = 0.8
"""Share of a range without penalty."""


def depth(encoding: Encoding, rows: Numbers) -> Numbers:
    """(m,) the sum over active continuous entries of the squared depth in the outer tenths.

    Args:
        encoding: of the rows.
        rows: (m, d).
    """
    free = encoding.reals
    shares = _share(rows[:, free]) * encoding.active(rows)[:, free]
    return np.asarray((shares * shares).sum(axis=1))


def depth_slope(encoding: Encoding, row: Numbers) -> Numbers:
    """(d,) the gradient of `depth` at a row."""
    gradient = np.zeros(encoding.d)
    free = np.flatnonzero(encoding.reals & encoding.active(row[None])[0])
    side = np.sign(2.0 * row[free] - 1.0)
    gradient[free] = 2.0 * _share(row[free]) * side * 2.0 / (1.0 - INNER)
    return gradient


def _share(entries: Numbers) -> Numbers:
    return np.asarray(np.maximum(np.abs(2.0 * entries - 1.0) - INNER, 0.0) / (1.0 - INNER))
