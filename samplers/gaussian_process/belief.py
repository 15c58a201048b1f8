"""The user's beliefs about the best point, as a factor of the acquisition that fades.

Hvarfner et al. (2022), "PiBO: Augmenting Acquisition Functions with User Beliefs for Bayesian
Optimization": the acquisition times the belief to the power of beta / n (eq. 6).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.special import ndtr, ndtri

from crosstune.samplers.gaussian_process.dimensions import Numbers, Options
from crosstune.samplers.gaussian_process.encoding import Encoding
from crosstune.space.belief import Belief

BETA = 10.0
"""Number of trials at which the belief has the power of one; their beta for a hundred trials."""
LEAST = 0.01
"""Lower limit of the belief, so that a wrong one can be overruled."""


class Beliefs:
    """The density of the beliefs on the rows of a space.

    Args:
        encoding: of the space.
        beliefs: by name; parameters that the encoding does not search are ignored.
    """

    def __init__(self, encoding: Encoding, beliefs: Mapping[str, Belief]):
        self._encoding = encoding
        self._lines: list[tuple[int, float, float, float]] = []
        """Column, entry, place and spread of each ordered parameter."""
        self._options: list[tuple[int, float, Numbers]] = []
        """Column, expected option and weights of all options of each choice."""
        for name, belief in beliefs.items():
            if name not in encoding.column:
                continue
            column = encoding.column[name]
            dim = encoding.dimensions[column]
            entry = dim.entry(belief.at)
            if isinstance(dim, Options):
                weights = np.full(int(dim.n), belief.spread)
                weights[int(entry)] = 1.0
                self._options.append((column, entry, weights))
            else:
                place = float(dim.place(np.array([entry]))[0])
                self._lines.append((column, entry, place, belief.spread))

    @property
    def mode(self) -> dict[int, float]:
        """The expected best entry, by its column."""
        lines = {column: entry for column, entry, _, _ in self._lines}
        return {**lines, **{column: entry for column, entry, _ in self._options}}

    def logs(self, rows: Numbers) -> Numbers:
        """(m,) the logarithm of the belief, 0 at its mode, without inactive parameters."""
        active = self._encoding.active(rows)
        logs = np.zeros(len(rows))
        for column, _, at, spread in self._lines:
            places = self._encoding.dimensions[column].place(rows[:, column])
            logs += np.log(_bump((places - at) / spread)) * active[:, column]
        for column, _, weights in self._options:
            logs += np.log(weights)[rows[:, column].astype(int)] * active[:, column]
        return logs

    def slope(self, row: Numbers) -> Numbers:
        """(d,) the gradient of `logs` at a row, by the places of ordered parameters."""
        active = self._encoding.active(row[None])[0]
        gradient = np.zeros(len(row))
        for column, _, at, spread in self._lines:
            place = float(self._encoding.dimensions[column].place(row[[column]])[0])
            far = (place - at) / spread
            steep = -(1 - LEAST) * np.exp(-(far**2) / 2) * far / spread / _bump(far)
            gradient[column] = steep * active[column]
        return gradient

    def rows(self, u: Numbers) -> Numbers:
        """(m, d) rows drawn from the beliefs, from uniform numbers of that shape."""
        u = u.copy()
        for column, _, at, spread in self._lines:
            low, high = ndtr(-at / spread), ndtr((1 - at) / spread)
            bent = at + spread * ndtri(low + (high - low) * u[:, column])
            u[:, column] = np.clip(bent, 0.0, np.nextafter(1.0, 0.0))
        rows = self._encoding.rows(u)
        for column, _, weights in self._options:
            edges = np.cumsum(weights / weights.sum())[:-1]
            rows[:, column] = np.searchsorted(edges, u[:, column], side="right")
        return rows


def _bump(far: Numbers | float) -> Numbers:
    """A normal density with 1 at its mode, and a floor."""
    return np.asarray(LEAST + (1 - LEAST) * np.exp(-np.square(far) / 2))
