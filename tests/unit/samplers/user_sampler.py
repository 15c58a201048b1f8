"""Samplers as a user writes them, in a module of their own."""

from __future__ import annotations

from typing import Any

import optuna


class Middle(optuna.samplers.RandomSampler):
    """Random search in the lower half of floats."""

    def __init__(self, seed: int | None = None, part: float = 0.5) -> None:
        super().__init__(seed=seed)
        self.part = part

    def sample_independent(self, study: Any, trial: Any, name: str, law: Any) -> Any:
        if isinstance(law, optuna.distributions.FloatDistribution) and not law.log:
            law = optuna.distributions.FloatDistribution(
                law.low, law.low + self.part * (law.high - law.low)
            )
        return super().sample_independent(study, trial, name, law)


class Unseeded(optuna.samplers.RandomSampler):
    def __init__(self) -> None:
        super().__init__()


class Raises(optuna.samplers.RandomSampler):
    def __init__(self, seed: int | None = None) -> None:
        raise ValueError("no licence")


nothing = 3
