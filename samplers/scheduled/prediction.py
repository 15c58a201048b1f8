"""The predicted end of each configuration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crosstune.samplers.curve_model import CurveModel
from crosstune.samplers.curve_model.trial_coordinates import coordinates, place
from crosstune.samplers.scheduled.configurations import FAILED, FINISHED, Configuration


@dataclass(frozen=True)
class Prediction:
    """The ends of n configurations on the model's scale; lower is better.

    Attributes:
        means, deviations: (n,) of the value at the end.
        reached: (n,) the last value of each.
        model: of the curves.
    """

    means: NDArray[np.float64]
    deviations: NDArray[np.float64]
    reached: NDArray[np.float64]
    model: CurveModel

    def values(self, scaled: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values from the model's scale, lower is better."""
        return self.model.unscaled(scaled)


def predicted(begun: Sequence[Configuration], max_epochs: int) -> Prediction:
    """The predicted end of each configuration, from all of their curves.

    Args:
        begun: the configurations.
        max_epochs: at which their training ends.
    """
    model = CurveModel(
        coordinates([place(c.parts[0]) for c in begun]).tolist(),
        [_curve(c, max_epochs) for c in begun],
        max_epochs,
    )
    means, deviations = model.ends()
    reached = model.scaled([c.value for c in begun])
    return Prediction(means, deviations, reached, model)


def _curve(configuration: Configuration, max_epochs: int) -> list[tuple[float, float]]:
    """The reports of a configuration, with its final value at the end; none of a failed one."""
    if configuration.state == FAILED:
        return []
    curve: dict[float, float] = dict(configuration.curve.items())
    if configuration.state == FINISHED and np.isfinite(configuration.value):
        curve[max_epochs] = configuration.value
    return sorted((epoch, value) for epoch, value in curve.items() if epoch <= max_epochs)
