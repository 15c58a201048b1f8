"""From observed curves to the model of their ends: selection of rows, and when to fit."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from crosstune.samplers.gaussian_process.curve_fit import (
    CurveHyperparameters,
    CurvePosterior,
    hyperparameters,
)
from crosstune.samplers.gaussian_process.curve_process import CurveProcess
from crosstune.samplers.gaussian_process.curve_rows import Rows
from crosstune.samplers.gaussian_process.dimensions import Numbers
from crosstune.samplers.gaussian_process.encoding import Points
from crosstune.samplers.gaussian_process.fit import BOUND
from crosstune.samplers.gaussian_process.kernel import Scales, parts
from crosstune.samplers.gaussian_process.model import Earlier

IN_MODEL, IN_FIT = 320, 144
"""Maximum numbers of rows in the model and in the fit."""
STEPS = 10


class CurveRegression:
    """The curve model, refitted from time to time as curves grow.

    Args:
        scales: tell which place belongs to which length.
        ignored: lengths without information.
        earlier: possible basis functions of its mean; None for none.
    """

    def __init__(self, scales: Scales, ignored: Sequence[int] = (), earlier: Earlier | None = None):
        self._scales = scales
        self._ignored = list(ignored)
        self._rests = [None] if earlier is None else [*earlier.choices, None]
        self._theta: Numbers | None = None
        self._earlier: Earlier | None = None
        self._fitted_at = 0
        self.hyperparameters: CurveHyperparameters | None = None
        """Those of the last fit; None before it."""

    def model(
        self,
        points: Points,
        data: Rows,
        pending: Points | None = None,
    ) -> tuple[CurveProcess, NDArray[np.intp]]:
        """The model of some curves.

        Args:
            points: of the configurations.
            data: the rows of their curves, of each configuration one or more.
            pending: running configurations without a report.

        Returns:
            The model, and the numbers of the configurations in it.
        """
        hyper = self._fit(points, data)
        chosen, data = thinned(data, IN_MODEL)
        inside = points[chosen]
        if pending is not None and len(pending):
            inside = Points(
                np.concatenate([inside.places, pending.places]),
                np.concatenate([inside.codes, pending.codes]),
            )
        return CurveProcess(self._scales, inside, data, hyper, self._earlier), chosen

    def _fit(self, points: Points, data: Rows) -> CurveHyperparameters:
        """Refit if the rows have grown by a tenth since the last fit."""
        if self.hyperparameters is not None and len(data) < 1.1 * self._fitted_at + 1:
            return self.hyperparameters
        self._fitted_at = len(data)
        chosen, data = thinned(data, IN_FIT)
        points = points[chosen]
        squares = parts(self._scales, points)
        squares[self._ignored] = 0.0
        least = math.inf
        for earlier in self._rests:
            fixed = offset = None
            if earlier is not None:
                basis = earlier.values(points)
                offset = earlier.weight * basis.sum(axis=1)
                fixed = earlier.spread**2 * (basis @ basis.T)
            posterior = CurvePosterior(squares, data, fixed, offset)
            start = self._theta if self._theta is not None else np.zeros_like(posterior.mean)
            score = posterior(start)[0]
            if score < least:
                least, self._earlier, best = score, earlier, posterior
        self._theta = _fitted(best, self._theta)
        self.hyperparameters = hyperparameters(self._theta, self._scales.d)
        self.hyperparameters.lengths[self._ignored] = math.inf
        return self.hyperparameters


def _fitted(posterior: CurvePosterior, start: Numbers | None) -> Numbers:
    first = np.zeros_like(posterior.mean)
    if start is not None and posterior(start)[0] < posterior(first)[0]:
        first = start
    result = minimize(
        posterior,
        first,
        jac=True,
        method="L-BFGS-B",
        bounds=[(-BOUND, BOUND)] * len(first),
        options={"maxiter": STEPS, "ftol": 1e-4},
    )
    return np.asarray(result.x)


def thinned(data: Rows, most: int) -> tuple[NDArray[np.intp], Rows]:
    """At most so many rows, and the numbers of their configurations.

    The rows of each curve are halved until all fit in, always with its last one. If the last ones
    alone are too many, those of the best half and of the latest configurations stay.
    """
    n = len(data)
    behind = np.flatnonzero(np.diff(data.of, append=-1))  # the last row of each configuration
    to_end = behind[data.of] - np.arange(n)
    every = 1
    chosen = np.arange(n)
    while len(chosen) > most and every < 64:
        every *= 2
        chosen = np.flatnonzero(to_end % every == 0)
    if len(chosen) > most:
        order = behind[np.argsort(data.values[behind], kind="stable")]
        best = order[: most // 2]
        others = np.setdiff1d(behind, best)
        chosen = np.sort(np.concatenate([best, others[-(most - len(best)) :]]))
    return np.unique(data.of[chosen]), data[chosen]
