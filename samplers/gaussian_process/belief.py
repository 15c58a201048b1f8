"""What the user believes of the best point, as a factor of the acquisition that fades.

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
"""After so many trials the belief has the power of one; their beta for a hundred trials."""
LEAST = 0.01
"""What is left of the belief far away from it, so that a wrong one can be overruled."""


class Beliefs:
    """The beliefs of a space on its rows.

    Args:
        held: by name; a parameter that the encoding does not search is left out.
    """

    def __init__(self, encoding: Encoding, held: Mapping[str, Belief]):
        self._encoding = encoding
        self._lines: list[tuple[int, float, float, float]] = []
        """Of each ordered parameter its column, entry, place and spread."""
        self._options: list[tuple[int, float, Numbers]] = []
        """Of each choice its column, the option believed in, and the weights of all."""
        for name, belief in held.items():
            if name not in encoding.column:
                continue
            column = encoding.column[name]
            each = encoding.dimensions[column]
            entry = each.entry(belief.at)
            if isinstance(each, Options):
                weights = np.full(int(each.n), belief.spread)
                weights[int(entry)] = 1.0
                self._options.append((column, entry, weights))
            else:
                place = float(each.place(np.array([entry]))[0])
                self._lines.append((column, entry, place, belief.spread))

    @property
    def mode(self) -> dict[int, float]:
        """The entry believed in, by its column."""
        lines = {column: entry for column, entry, _, _ in self._lines}
        return {**lines, **{column: entry for column, entry, _ in self._options}}

    def logs(self, rows: Numbers) -> Numbers:
        """(m,) the logarithm of the belief, 0 at its mode; what is inactive has no part in it."""
        active = self._encoding.active(rows)
        found = np.zeros(len(rows))
        for column, _, at, spread in self._lines:
            places = self._encoding.dimensions[column].place(rows[:, column])
            found += np.log(_bump((places - at) / spread)) * active[:, column]
        for column, _, weights in self._options:
            found += np.log(weights)[rows[:, column].astype(int)] * active[:, column]
        return found

    def slope(self, row: Numbers) -> Numbers:
        """(d,) the gradient of `logs` at a row, by the places of ordered parameters."""
        active = self._encoding.active(row[None])[0]
        found = np.zeros(len(row))
        for column, _, at, spread in self._lines:
            place = float(self._encoding.dimensions[column].place(row[[column]])[0])
            far = (place - at) / spread
            steep = -(1 - LEAST) * np.exp(-(far**2) / 2) * far / spread / _bump(far)
            found[column] = steep * active[column]
        return found

    def rows(self, u: Numbers) -> Numbers:
        """(m, d) rows that are drawn as believed, from uniform numbers of that shape."""
        u = u.copy()
        for column, _, at, spread in self._lines:
            low, high = ndtr(-at / spread), ndtr((1 - at) / spread)
            bent = at + spread * ndtri(low + (high - low) * u[:, column])
            u[:, column] = np.clip(bent, 0.0, np.nextafter(1.0, 0.0))
        found = self._encoding.rows(u)
        for column, _, weights in self._options:
            edges = np.cumsum(weights / weights.sum())[:-1]
            found[:, column] = np.searchsorted(edges, u[:, column], side="right")
        return found


def _bump(far: Numbers | float) -> Numbers:
    """A normal density with 1 at its mode, and a floor."""
    return np.asarray(LEAST + (1 - LEAST) * np.exp(-np.square(far) / 2))
