"""A small tree-structured Parzen estimator on the rows of the model.

Bergstra, Bardenet, Bengio and Kegl 2011, "Algorithms for hyper-parameter optimization", section 4:
each parameter is drawn where the good trials are dense and the others are not. A parameter with a
condition is learned from the trials in which it was active.
"""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp, ndtr, ndtri

from crosstune.samplers.gaussian_process.dimensions import Dimension, Numbers, Options
from crosstune.samplers.gaussian_process.encoding import Encoding

GOOD = 0.15
"""Share of the trials that are good."""
DRAWS = 24
"""Number of draws of a parameter, of which the best is taken."""
NARROW = 100.0
"""Reciprocal of the smallest width of a kernel, as a share of the range."""


def drawn(
    encoding: Encoding, rows: Numbers, targets: Numbers, m: int, rng: np.random.Generator
) -> Numbers:
    """Rows in which each parameter is the best of some draws from the good trials.

    Args:
        encoding: of the rows.
        rows: (n, d) of the trials, n at least 2.
        targets: (n,) of the trials, less is better.
        m: number of rows.
        rng: draws them.

    Returns:
        (m, d) rows.
    """
    order = np.argsort(targets, kind="stable")
    good = np.zeros(len(rows), bool)
    good[order[: max(int(np.ceil(GOOD * len(rows))), 2)]] = True
    active = encoding.active(rows)
    new = encoding.draw(rng, m)
    for i, dim in enumerate(encoding.dimensions):
        here = active[:, i]
        near, far = rows[here & good, i], rows[here & ~good, i]
        dense, sparse = _density(dim, near), _density(dim, far)
        entries = dense.draw(m * DRAWS, rng)
        gains = (dense.logs(entries) - sparse.logs(entries)).reshape(m, DRAWS)
        new[:, i] = entries.reshape(m, DRAWS)[np.arange(m), gains.argmax(axis=1)]
    return encoding.snapped(new)


def _density(dim: Dimension, entries: Numbers) -> _Shares | _Kernels:
    return _Shares(dim, entries) if isinstance(dim, Options) else _Kernels(dim, entries)


class _Shares:
    """The density of an unordered choice: its shares in some trials, and one trial of the prior."""

    def __init__(self, dim: Options, entries: Numbers):
        counts = np.bincount(entries.astype(int), minlength=int(dim.n)) + dim.odds
        self._shares = counts / counts.sum()

    def draw(self, m: int, rng: np.random.Generator) -> Numbers:
        return rng.choice(len(self._shares), size=m, p=self._shares).astype(float)

    def logs(self, entries: Numbers) -> Numbers:
        return np.asarray(np.log(self._shares[entries.astype(int)]))


class _Kernels:
    """The density of an ordered parameter: a normal, cut at the ends of the range, around each of
    some trials, as wide as the larger gap beside it, and a wide one in the middle."""

    def __init__(self, dim: Dimension, entries: Numbers):
        self._dim = dim
        places = np.sort(dim.quantile(entries))
        n = len(places)
        edges = np.concatenate([[0.0], places, [1.0]])
        widths = np.maximum(edges[1:-1] - edges[:-2], edges[2:] - edges[1:-1])
        if n > 1:
            widths[0], widths[-1] = places[1] - places[0], places[-1] - places[-2]
        widths = np.clip(widths, 1.0 / min(NARROW, n + 2.0), 1.0)
        self._middles = np.append(places, 0.5)
        self._widths = np.append(widths, 1.0)
        self._low = ndtr(-self._middles / self._widths)
        self._high = ndtr((1.0 - self._middles) / self._widths)

    def draw(self, m: int, rng: np.random.Generator) -> Numbers:
        kernel = rng.integers(len(self._middles), size=m)
        low, high = self._low[kernel], self._high[kernel]
        normal = ndtri(low + (high - low) * rng.random(m))
        places = np.clip(self._middles[kernel] + self._widths[kernel] * normal, 0.0, 1.0)
        return self._dim.drawn(np.minimum(places, np.nextafter(1.0, 0.0)))

    def logs(self, entries: Numbers) -> Numbers:
        far = (self._dim.quantile(entries)[:, None] - self._middles) / self._widths
        logs = -0.5 * far * far - np.log(self._widths * (self._high - self._low))
        return np.asarray(logsumexp(logs, axis=1) - np.log(len(self._middles)))
