"""Keras Tuner's oracles as an Optuna sampler."""

from __future__ import annotations

from typing import Any

from crosstune.engines import registry as adapters
from crosstune.samplers.engine import EngineSampler
from crosstune.space.space import Space
from crosstune.system.scalars import plain_arguments


class KerasTunerSampler(EngineSampler):
    """Keras Tuner's bayesian, random or grid oracle in any Optuna study.

    Args:
        oracle: "bayesian", "random" or "grid".
        space: what to search; its points equal those of the native oracle on
            `adapters.get("keras_tuner").compile(space)`. None: learn it from the trials.
        seed: any integer, 0 included; None for a random one.
        options: keyword arguments of the oracle, such as `num_initial_points` of bayesian.

    >>> import optuna
    >>> study = optuna.create_study(sampler=KerasTunerSampler("random", seed=0))
    >>> study.optimize(lambda trial: trial.suggest_float("x", -1, 1) ** 2, n_trials=30)
    >>> study.best_value < 0.01
    True
    """

    @plain_arguments()
    def __init__(
        self,
        oracle: str = "bayesian",
        *,
        space: Space | None = None,
        seed: int | None = None,
        **options: Any,
    ):
        adapter = adapters.get("keras_tuner")
        super().__init__(
            adapter, adapter.algorithm(oracle), space=space, seed=seed, options=options
        )
