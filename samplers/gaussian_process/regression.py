"""From observations to their model: selection, transformation, and when to fit."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from crosstune.samplers.gaussian_process.curve_rows import NO_CURVE, Curve
from crosstune.samplers.gaussian_process.dimensions import Numbers
from crosstune.samplers.gaussian_process.encoding import Encoding
from crosstune.samplers.gaussian_process.fit import Hyperparameters, Posterior, fit
from crosstune.samplers.gaussian_process.kernel import parts
from crosstune.samplers.gaussian_process.model import Earlier, Model
from crosstune.samplers.gaussian_process.targets import FLOORS, Targets, targets

IN_MODEL, IN_FIT = 256, 128
"""Maximum numbers of observations in the model and in the fit."""
STEPS = 30


@dataclass(frozen=True)
class Observation:
    """A trial that ended.

    Attributes:
        row: of its point.
        value: less is better.
        state: complete, pruned or failed.
        curve: its reports.
        epochs: the step at which a whole training ends; None if it is unknown.
        penalised: whether the value is worse than the objective's own, for broken constraints.
    """

    row: Numbers
    value: float
    state: int
    curve: Curve = NO_CURVE
    epochs: int | None = None
    penalised: bool = False


class Regression:
    """A Gaussian process that is refitted from time to time as observations arrive.

    Args:
        encoding: of the observed rows.
        ignored: columns of rows without information.
        earlier: possible basis functions of its mean; None for none.
    """

    def __init__(
        self,
        encoding: Encoding,
        ignored: Sequence[int] = (),
        earlier: Earlier | None = None,
        without: Collection[str] = (),
    ):
        self._encoding = encoding
        self._ignored = list(ignored)
        self._rests = [None] if earlier is None else [*earlier.choices, None]
        self._theta: Numbers | None = None
        self._fitted_at = 0
        self.hyperparameters: Hyperparameters | None = None
        """Those of the last fit; None before it."""
        self._choices: list[int] = []
        if "additive" not in without and 2 * len(encoding.unordered) >= max(encoding.d, 4):
            self._choices = [i for i in encoding.unordered if i not in self._ignored]

    def model(
        self, observed: Sequence[Observation], pending: Sequence[Numbers] = ()
    ) -> tuple[Model, Numbers]:
        """The model of the observations, at most `IN_MODEL` of them.

        Args:
            observed: two or more.
            pending: running rows.

        Returns:
            The model, and its rows, the best first.
        """
        rows = np.array([observation.row for observation in observed])
        hyper = self._fit(rows, observed)
        scaled = self._targets(observed, self._floor)
        chosen = _subset(scaled.values, IN_MODEL)
        rows, values = rows[chosen], scaled.values[chosen]
        points = self._encoding.points(np.array([*rows, *pending[-IN_MODEL:]]))
        model = Model(self._encoding, points, values, scaled.extra[chosen], hyper, self._earlier)
        return model, rows[np.argsort(values, kind="stable")]

    def targets(self, observed: Sequence[Observation]) -> tuple[Numbers, Numbers]:
        """(n, d) the rows of the observations, and (n,) their targets in some transform."""
        rows = np.array([observation.row for observation in observed])
        return rows, self._targets(observed, FLOORS[0]).values

    def _fit(self, rows: Numbers, observed: Sequence[Observation]) -> Hyperparameters:
        """Choose the transform and refit if the data has grown by a tenth since the last fit.

        Transforms and basis functions are compared by the density that they give to the
        untransformed values (Snelson, Rasmussen and Ghahramani 2004, eq. 7).
        """
        seen = len(observed)
        if self.hyperparameters is not None and seen < 1.1 * self._fitted_at + 1:
            return self.hyperparameters
        chosen = _subset(self._targets(observed, FLOORS[0]).values, IN_FIT)
        points = self._encoding.points(rows[chosen])
        squares = parts(self._encoding, points)
        squares[self._ignored] = 0.0
        least = math.inf
        for earlier, floor in product(self._rests, FLOORS):
            scaled = self._targets(observed, floor)
            values, fixed = scaled.values[chosen], None
            if earlier is not None:
                basis = earlier.values(points)
                values = values - earlier.weight * basis.sum(axis=1)
                fixed = earlier.spread**2 * (basis @ basis.T)
            posterior = Posterior(squares, values, scaled.extra[chosen], fixed, self._choices)
            start = self._theta if self._theta is not None else np.zeros_like(posterior.mean)
            score = posterior(start)[0] - float(scaled.stretch[chosen].sum())
            if score < least:
                least, self._floor, self._earlier, best = score, floor, earlier, posterior
        self._theta = fit(best, self._theta, STEPS)
        self._fitted_at = seen
        self.hyperparameters = best.hyperparameters(self._theta)
        self.hyperparameters.lengths[self._ignored] = math.inf
        return self.hyperparameters

    def _targets(self, observed: Sequence[Observation], floor: float) -> Targets:
        values = np.array([observation.value for observation in observed])
        states = np.array([observation.state for observation in observed], np.int8)
        return targets(values, states, floor)


def _subset(values: Numbers, most: int) -> list[int]:
    """The best half of `most`, and the latest of the others, in their order."""
    n = len(values)
    if n <= most:
        return list(range(n))
    best = set(np.argsort(values, kind="stable")[: most // 2].tolist())
    latest = [i for i in range(n - 1, -1, -1) if i not in best][: most - len(best)]
    return sorted([*best, *latest])
