"""Nevergrad: its own choice of an optimiser, and the discrete one that did well on tables.

- Floats are bounded scalars, or Log; integers the same with integer casting; categories a Choice.
- Conditions are not told: every parameter is always searched, and what does not take part is
  ignored.
- `ngopt` knows the number of trials, and chooses by it.
- A failed trial is told at the worst loss so far; Nevergrad has no other word for it.
"""

# mypy: disable-error-code="import-not-found"
# The library is in an environment of its own, and serve.py runs this file there.

from __future__ import annotations

import warnings
from typing import Any

import nevergrad as ng
import numpy as np

OPTIMIZERS = {
    "ngopt": "NGOpt",
    "discrete": "DiscreteOnePlusOne",
    "portfolio": "PortfolioDiscreteOnePlusOne",
}


class NevergradRival:
    """One search.

    Args:
        algorithm: a key of `OPTIMIZERS`.
        parameters: their descriptions; see `description.py`.
        seed: of the search.
        trials: the budget of the search.
    """

    def __init__(
        self, algorithm: str, parameters: list[dict[str, Any]], seed: int, trials: int
    ) -> None:
        warnings.simplefilter("ignore")
        np.random.seed(seed % 2**32)
        self.kinds = {about["name"]: about["kind"] for about in parameters}
        space = ng.p.Dict(**{about["name"]: native(about) for about in parameters})
        space.random_state = np.random.RandomState(seed % 2**32)
        optimizer = ng.optimizers.registry[OPTIMIZERS[algorithm]]
        self.optimizer = optimizer(space, budget=trials, num_workers=1)
        self.worst: float | None = None

    def ask(self) -> tuple[Any, dict[str, Any]]:
        """The next point."""
        candidate = self.optimizer.ask()
        return candidate, {
            name: float(value) if self.kinds[name] == "float" else int(value)
            for name, value in candidate.value.items()
        }

    def tell(self, candidate: Any, loss: float | None) -> None:
        """It was evaluated."""
        if loss is None:
            self.optimizer.tell(candidate, 0.0 if self.worst is None else self.worst)
        else:
            self.worst = loss if self.worst is None else max(self.worst, loss)
            self.optimizer.tell(candidate, loss)

    def forget(self, candidate: Any) -> None:
        """Nevergrad is told of what was evaluated instead, and does without this one."""

    def insert(self, point: dict[str, Any], loss: float | None) -> None:
        """It was evaluated without being proposed; what did not take part is at its start."""
        whole = dict(self.optimizer.parametrization.value)
        whole.update({name: value for name, value in point.items() if value is not None})
        self.tell(self.optimizer.parametrization.spawn_child(new_value=whole), loss)


def native(about: dict[str, Any]) -> Any:
    """A parameter as Nevergrad has it."""
    if about["kind"] == "category":
        return ng.p.Choice(list(range(about["n"])))
    kind = ng.p.Log if about["log"] else ng.p.Scalar
    drawn = kind(lower=about["low"], upper=about["high"])
    return drawn if about["kind"] == "float" else drawn.set_integer_casting()


Rival = NevergradRival
"""The name that `serve` loads."""
