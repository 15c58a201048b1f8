"""A walk, asked and told."""

from __future__ import annotations

from functools import partial
from typing import Any

from crosstune.engines.base import Engine, Outcome
from crosstune.space.space import Params, Space
from tests.engines.toy.compile import active, exact
from tests.engines.toy.library import Walk


class ToyEngine(Engine):
    """What `play` does between two evaluations."""

    def __init__(self, space: Space, seed: int | None, maximize: bool, **options: Any):
        self.space = space
        self.native = Walk(exact(space), seed, partial(active, space), **options)
        self.sign = -1.0 if maximize else 1.0
        self.asked: dict[int, Params] = {}

    def ask(self, trial: int) -> Params:
        """One question to the walk."""
        self.asked[trial] = active(self.space, self.native.ask())
        return self.asked[trial]

    def tell(self, trial: int, outcome: Outcome) -> None:
        """It was evaluated as proposed."""
        self.insert(self.asked.pop(trial), outcome)

    def replace(self, trial: int, params: Params, outcome: Outcome) -> None:
        """It was evaluated at other values."""
        del self.asked[trial]
        self.insert(params, outcome)

    def insert(self, params: Params, outcome: Outcome) -> None:
        """It was never proposed here. A failed trial has no value, and teaches nothing."""
        if outcome.value is not None:
            self.native.tell(params, self.sign * outcome.value)
