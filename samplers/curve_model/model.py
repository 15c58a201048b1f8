"""The ends of all learning curves of a study, predicted together.

The model is that of the Gaussian-process sampler, on coordinates of any engine's points.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Reports: TypeAlias = Sequence[tuple[float, float]]
"""The reports of one configuration: (epoch, value), the earliest first, lower is better."""


@dataclass(frozen=True)
class PlainScales:
    """One length scale for each coordinate; see `crosstune.samplers.gaussian_process.kernel`."""

    d: int
    scale_of_place: NDArray[Any]
    unordered: Sequence[int] = ()


class CurveModel:
    """A Gaussian process over parameters and the logarithm of the epoch.

    Its hyperparameters are fitted to the curves, which takes some ten milliseconds.

    Args:
        coordinates: (n, d) of the configurations, with ranges of length 1.
        curves: n curves, the earliest epoch from 1 on; one may be empty.
        epochs: at which the training of a configuration ends.

    >>> model = CurveModel([[0.0], [1.0]], [[(1, 3.0), (9, 1.0)], [(1, 4.0)]], epochs=9)
    >>> means, deviations = model.ends()
    >>> bool(means[0] < means[1] and deviations[0] < deviations[1])
    True
    """

    def __init__(
        self, coordinates: Sequence[Sequence[float]], curves: Sequence[Reports], epochs: int
    ):
        # scipy is of an extra.
        from crosstune.samplers.gaussian_process.curve_rows import Curve, TrainingHorizon, rows

        places: NDArray[np.float64] = np.array(coordinates, float).reshape(len(curves), -1)
        varying = places.std(axis=0) > 0 if len(places) else np.zeros(places.shape[1], bool)
        self._places = places[:, varying] if varying.any() else np.zeros((len(places), 1))
        finite = [[(at, v) for at, v in curve if math.isfinite(v)] for curve in curves]
        self._seen = [i for i, reports in enumerate(finite) if reports]
        trained = [
            Curve(
                [at for at, _ in finite[i]],
                [value for _, value in finite[i]],
                finite[i][-1][1] if finite[i][-1][0] >= epochs else None,
            )
            for i in self._seen
        ]
        self._rows, self._scale = rows(trained, TrainingHorizon(1.0, 1.0, float(max(epochs, 2))))

    def scaled(self, values: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
        """Values on the model's scale, which is the logarithm of the distance from the best one."""
        return self._scale.scaled(values)

    def unscaled(self, scaled: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values from the model's scale."""
        return self._scale.unscaled(scaled)

    def ends(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(n,) means and (n,) standard deviations of each configuration's value at its end.

        Both are on the model's scale; see `scaled`. Lower is better.
        """
        from crosstune.samplers.gaussian_process.curve_regression import CurveRegression
        from crosstune.samplers.gaussian_process.encoding import Points

        n, d = self._places.shape
        if not self._seen:
            return np.zeros(n), np.ones(n)
        points = Points(self._places, np.empty((n, 0)))
        regression = CurveRegression(PlainScales(d, np.arange(d)))
        model, chosen = regression.model(points[np.array(self._seen)], self._rows)
        inside = np.array(self._seen)[chosen]
        outside = np.setdiff1d(np.arange(n), inside)
        means, deviations = np.empty(n), np.empty(n)
        means[inside], deviations[inside] = model.means, model.deviations
        if len(outside):
            means[outside], deviations[outside] = model.predict(points[outside])
        return means, deviations
