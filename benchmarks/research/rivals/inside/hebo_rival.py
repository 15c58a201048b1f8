"""HEBO with its defaults.

- Floats are "num", or "pow" on a log scale; integers are "int", or "pow_int"; categories "cat".
- It knows no conditions: every parameter is always searched, and what does not take part is
  ignored.
- It learns nothing from a failed trial, nor of one that is still open.
"""

# mypy: disable-error-code="import-not-found"
# The library is in an environment of its own, and serve.py runs this file there.

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pandas as pd
import torch
from hebo.design_space.design_space import DesignSpace
from hebo.optimizers.hebo import HEBO

TYPES = {
    ("float", False): "num",
    ("float", True): "pow",
    ("int", False): "int",
    ("int", True): "pow_int",
}


class HeboRival:
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
        random.seed(seed)
        np.random.seed(seed % 2**32)
        torch.manual_seed(seed)
        self.parameters = {about["name"]: about for about in parameters}
        self.optimizer = HEBO(
            DesignSpace().parse([native(about) for about in parameters]), scramble_seed=seed
        )

    def ask(self) -> tuple[Any, dict[str, Any]]:
        """The next point."""
        frame = self.optimizer.suggest(n_suggestions=1)
        row = frame.iloc[0]
        return frame, {
            name: float(row[name]) if about["kind"] == "float" else round(float(row[name]))
            for name, about in self.parameters.items()
        }

    def tell(self, frame: Any, loss: float | None) -> None:
        """It was evaluated; HEBO leaves out what is no finite number."""
        self.optimizer.observe(frame, np.array([[np.nan if loss is None else loss]]))

    def forget(self, frame: Any) -> None:
        """HEBO never knew of it."""

    def insert(self, point: dict[str, Any], loss: float | None) -> None:
        """It was evaluated without being proposed."""
        whole = {
            name: centre(about) if point.get(name) is None else point[name]
            for name, about in self.parameters.items()
        }
        frame = pd.DataFrame([whole])
        for name, about in self.parameters.items():
            if about["kind"] == "category":
                frame[name] = [str(whole[name])]
        self.tell(frame[self.optimizer.space.para_names], loss)


def native(about: dict[str, Any]) -> dict[str, Any]:
    """A parameter as a design space is told it."""
    if about["kind"] == "category":
        names = [str(index) for index in range(about["n"])]
        return {"name": about["name"], "type": "cat", "categories": names}
    kind = TYPES[about["kind"], about["log"]]
    return {"name": about["name"], "type": kind, "lb": about["low"], "ub": about["high"]}


def centre(about: dict[str, Any]) -> Any:
    """What stands for a parameter that did not take part."""
    if about["kind"] == "category":
        return 0
    low, high = about["low"], about["high"]
    middle = (low * high) ** 0.5 if about["log"] else (low + high) / 2
    return middle if about["kind"] == "float" else round(middle)


Rival = HeboRival
"""The name that `serve` loads."""
