"""Ax with its defaults: a Sobol start, then BoTorch.

- Floats and integers are ranges, on a log scale where the space says so; categories are unordered
  choices.
- Conditions are not told: every parameter is always searched, and what does not take part is
  ignored.
- A failed trial is marked as failed, one that was evaluated elsewhere as abandoned.
"""

# mypy: disable-error-code="import-not-found"
# The library is in an environment of its own, and serve.py runs this file there.

from __future__ import annotations

import logging
from typing import Any

from ax.api.client import Client
from ax.api.configs import ChoiceParameterConfig, RangeParameterConfig
from ax.exceptions.core import OptimizationComplete
from serve import RivalExhausted


class AxRival:
    """One search.

    Args:
        algorithm: not used: there is only one.
        parameters: their descriptions; see `description.py`.
        seed: of the search.
        trials: not used.
    """

    def __init__(
        self, algorithm: str, parameters: list[dict[str, Any]], seed: int, trials: int
    ) -> None:
        logging.getLogger("ax").setLevel(logging.ERROR)
        self.parameters = {about["name"]: about for about in parameters}
        self.client = Client(random_seed=seed)
        self.client.configure_experiment([native(about) for about in parameters])
        self.client.configure_optimization(objective="-loss")
        self.client.configure_generation_strategy(initialization_random_seed=seed)

    def ask(self) -> tuple[int, dict[str, Any]]:
        """The next point."""
        try:
            points = self.client.get_next_trials(max_trials=1)
        except OptimizationComplete as error:
            raise RivalExhausted from error
        if not points:
            raise RivalExhausted
        ((index, point),) = points.items()
        return index, dict(point)

    def tell(self, index: int, loss: float | None) -> None:
        """It was evaluated."""
        if loss is None:
            self.client.mark_trial_failed(index)
        else:
            self.client.complete_trial(index, raw_data={"loss": loss})

    def forget(self, index: int) -> None:
        """It was evaluated elsewhere."""
        self.client.mark_trial_abandoned(index)

    def insert(self, point: dict[str, Any], loss: float | None) -> None:
        """It was evaluated without being proposed."""
        whole = {
            name: centre(about) if point.get(name) is None else point[name]
            for name, about in self.parameters.items()
        }
        self.tell(self.client.attach_trial(whole), loss)


def native(about: dict[str, Any]) -> Any:
    """A parameter as Ax is told it."""
    if about["kind"] == "category":
        return ChoiceParameterConfig(
            name=about["name"],
            values=list(range(about["n"])),
            parameter_type="int",
            is_ordered=False,
        )
    return RangeParameterConfig(
        name=about["name"],
        bounds=(about["low"], about["high"]),
        parameter_type=about["kind"],
        scaling="log" if about["log"] else "linear",
    )


def centre(about: dict[str, Any]) -> Any:
    """What stands for a parameter that did not take part."""
    if about["kind"] == "category":
        return 0
    low, high = about["low"], about["high"]
    middle = (low * high) ** 0.5 if about["log"] else (low + high) / 2
    return middle if about["kind"] == "float" else round(middle)


Rival = AxRival
"""The name that `serve` loads."""
