"""A small tree-structured Parzen estimator on the rows of the model.

Bergstra, Bardenet, Bengio and Kegl 2011, "Algorithms for hyper-parameter optimization", section 4:
a point is drawn where the good trials are dense and the others are not. Each trial is one kernel
over all parameters, so that what goes well together stays together. Where a parameter was inactive
in a trial, the kernel is its prior.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp, ndtr, ndtri

from crosstune.samplers.gaussian_process.acquisition import LOG_ROOT_2_PI
from crosstune.samplers.gaussian_process.dimensions import Dimension, Flags, Numbers, Options
from crosstune.samplers.gaussian_process.encoding import Encoding

GOOD = 0.15
"""Share of the trials that are good."""
DRAWS = 24
"""Number of rows that are drawn from the good trials."""
NARROW = 100.0
"""Reciprocal of the smallest width of a kernel, as a share of the range."""


def drawn(encoding: Encoding, rows: Numbers, targets: Numbers, rng: np.random.Generator) -> Numbers:
    """Rows near good trials, and far from the others.

    Args:
        encoding: of the rows.
        rows: (n, d) of the trials, n at least 2.
        targets: (n,) of the trials, less is better.
        rng: draws them.

    Returns:
        (`DRAWS`, d) rows, the most promising first.
    """
    order = np.argsort(targets, kind="stable")
    good = max(int(np.ceil(GOOD * len(rows))), 2)
    dense, sparse = Kernels(encoding, rows[order[:good]]), Kernels(encoding, rows[order[good:]])
    new = encoding.snapped(dense.draw(DRAWS, rng))
    gains = dense.logs(new) - sparse.logs(new)
    return new[np.argsort(-gains, kind="stable")]


class Kernels:
    """A density of rows: the mean of one kernel per trial, and of the prior.

    Args:
        encoding: of the rows.
        rows: (k, d) of the trials.
    """

    def __init__(self, encoding: Encoding, rows: Numbers):
        self._encoding = encoding
        active = encoding.active(rows)
        self._k = len(rows) + 1
        self.columns = [
            _Shares(dim, rows[:, i], active[:, i])
            if isinstance(dim, Options)
            else _Widths(dim, rows[:, i], active[:, i])
            for i, dim in enumerate(encoding.dimensions)
        ]

    def draw(self, m: int, rng: np.random.Generator) -> Numbers:
        """(m, d) rows."""
        kernels = rng.integers(self._k, size=m)
        u = rng.random((m, self._encoding.d))
        return np.stack(
            [column.draw(kernels, u[:, i]) for i, column in enumerate(self.columns)], axis=1
        )

    def logs(self, rows: Numbers) -> Numbers:
        """(m,) the log of the density, over the active parameters of each row."""
        active = self._encoding.active(rows)
        total = np.zeros((len(rows), self._k))
        for i, column in enumerate(self.columns):
            total += column.logs(rows[:, i]) * active[:, i, None]
        return np.asarray(logsumexp(total, axis=1) - np.log(self._k))


class _Shares:
    """The kernels of an unordered choice: the trial's option, or one of the prior.

    Args:
        dim: the choice.
        entries: (k,) of the trials.
        active: (k,) where the entry is used.
    """

    def __init__(self, dim: Options, entries: Numbers, active: Flags):
        k = len(entries)
        self._shares = np.tile(dim.odds / (k + 1), (k + 1, 1))
        self._shares[np.flatnonzero(active), entries[active].astype(int)] += 1.0
        self._shares /= self._shares.sum(axis=1, keepdims=True)

    def draw(self, kernels: NDArray[np.int64], u: Numbers) -> Numbers:
        """An entry of each kernel, from uniform numbers."""
        edges = self._shares[kernels].cumsum(axis=1)
        entries = (edges < u[:, None]).sum(axis=1)
        return np.asarray(np.minimum(entries, edges.shape[1] - 1), float)

    def logs(self, entries: Numbers) -> Numbers:
        """(m, k + 1) the log of each kernel at each entry."""
        return np.asarray(np.log(self._shares[:, entries.astype(int)]).T)


class _Widths:
    """The kernels of an ordered parameter: normals that are cut at the ends of the range.

    Each is as wide as the larger gap beside it, but not narrower than a share of the range that
    shrinks with the number of trials.

    Args:
        dim: the parameter.
        entries: (k,) of the trials.
        active: (k,) where the entry is used.
    """

    def __init__(self, dim: Dimension, entries: Numbers, active: Flags):
        self._dim = dim
        k = len(entries)
        self._middles, self._widths = np.full(k + 1, 0.5), np.ones(k + 1)
        places = dim.quantile(entries)[active]
        order = np.argsort(places, kind="stable")
        edges = np.concatenate([[0.0], places[order], [1.0]])
        widths = np.maximum(edges[1:-1] - edges[:-2], edges[2:] - edges[1:-1])
        if len(places) > 1:
            widths[0], widths[-1] = edges[2] - edges[1], edges[-2] - edges[-3]
        here = np.flatnonzero(active)
        self._middles[here] = places
        self._widths[here[order]] = np.clip(widths, 1.0 / min(NARROW, k + 2.0), 1.0)
        self._low = ndtr(-self._middles / self._widths)
        self._mass = ndtr((1.0 - self._middles) / self._widths) - self._low

    def draw(self, kernels: NDArray[np.int64], u: Numbers) -> Numbers:
        """An entry of each kernel, from uniform numbers."""
        normal = ndtri(self._low[kernels] + self._mass[kernels] * u)
        places = np.clip(self._middles[kernels] + self._widths[kernels] * normal, 0.0, 1.0)
        return self._dim.drawn(np.minimum(places, np.nextafter(1.0, 0.0)))

    def logs(self, entries: Numbers) -> Numbers:
        """(m, k + 1) the log of each kernel at each entry."""
        far = (self._dim.quantile(entries)[:, None] - self._middles) / self._widths
        return np.asarray(-0.5 * far * far - np.log(self._widths * self._mass) - LOG_ROOT_2_PI)
