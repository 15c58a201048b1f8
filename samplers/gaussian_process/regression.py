"""From observations to the model of them: what is used, transformed and fitted, and when."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from crosstune.samplers.gaussian_process.dimensions import Numbers
from crosstune.samplers.gaussian_process.encoding import Encoding
from crosstune.samplers.gaussian_process.fit import Posterior, fit
from crosstune.samplers.gaussian_process.kernel import parts
from crosstune.samplers.gaussian_process.model import Earlier, Model
from crosstune.samplers.gaussian_process.targets import FLOORS, Targets, targets

IN_MODEL, IN_FIT = 256, 128
"""On how many observations the model and the fit rest at most."""
STEPS = 30


@dataclass(frozen=True)
class Observation:
    """A trial that ended: its row, what it was worth (less is better), and how it ended."""

    row: Numbers
    value: float
    state: int


class Regression:
    """A Gaussian process that is fitted anew now and then as observations come in.

    Args:
        ignored: columns of rows that nothing is known of.
        earlier: on what its mean may rest; None for nothing.
    """

    def __init__(
        self, encoding: Encoding, ignored: Sequence[int] = (), earlier: Earlier | None = None
    ):
        self._encoding = encoding
        self._ignored = list(ignored)
        self._rests = [None] if earlier is None else [*earlier.choices, None]
        self._theta: Numbers | None = None
        self._fitted_at = 0

    def model(
        self, observed: Sequence[Observation], pending: Sequence[Numbers] = ()
    ) -> tuple[Model, Numbers]:
        """The model of the observations, at most `IN_MODEL` of them.

        Args:
            pending: rows that are being evaluated.

        Returns:
            The model, and the rows in it that did best, the best first.
        """
        rows = np.array([each.row for each in observed])
        self._fit(rows, observed)
        held = _targets(observed, self._floor)
        chosen = _subset(held.values, IN_MODEL)
        rows, values = rows[chosen], held.values[chosen]
        points = self._encoding.points(np.array([*rows, *pending[-IN_MODEL:]]))
        model = Model(self._encoding, points, values, held.extra[chosen], self._held, self._earlier)
        return model, rows[np.argsort(values, kind="stable")]

    def _fit(self, rows: Numbers, observed: Sequence[Observation]) -> None:
        """Choose the transform and fit anew when the data has grown by a tenth since.

        Transforms, and what the mean may rest on, are compared by the density that each gives to
        the values themselves (Snelson, Rasmussen and Ghahramani 2004, eq. 7).
        """
        seen = len(observed)
        if self._theta is not None and seen < 1.1 * self._fitted_at + 1:
            return
        chosen = _subset(_targets(observed, FLOORS[0]).values, IN_FIT)
        points = self._encoding.points(rows[chosen])
        squares = parts(self._encoding, points)
        squares[self._ignored] = 0.0
        least = math.inf
        for earlier, floor in product(self._rests, FLOORS):
            held = _targets(observed, floor)
            values, known = held.values[chosen], None
            if earlier is not None:
                basis = earlier.values(points)
                values = values - earlier.weight * basis.sum(axis=1)
                known = earlier.spread**2 * (basis @ basis.T)
            posterior = Posterior(squares, values, held.extra[chosen], known)
            start = self._theta if self._theta is not None else np.zeros_like(posterior.mean)
            found = posterior(start)[0] - float(held.stretch[chosen].sum())
            if found < least:
                least, self._floor, self._earlier, best = found, floor, earlier, posterior
        self._theta = fit(best, self._theta, STEPS)
        self._held = best.hyperparameters(self._theta)
        self._held.lengths[self._ignored] = math.inf
        self._fitted_at = seen


def _targets(observed: Sequence[Observation], floor: float) -> Targets:
    values = np.array([each.value for each in observed])
    states = np.array([each.state for each in observed], np.int8)
    return targets(values, states, floor)


def _subset(values: Numbers, most: int) -> list[int]:
    """The best half of `most`, and the latest of the others, in their order."""
    n = len(values)
    if n <= most:
        return list(range(n))
    best = set(np.argsort(values, kind="stable")[: most // 2].tolist())
    latest = [i for i in range(n - 1, -1, -1) if i not in best][: most - len(best)]
    return sorted([*best, *latest])
