"""Hyperopt's algorithms as an Optuna sampler."""

from __future__ import annotations

from typing import Any

from crosstune.engines import registry as adapters
from crosstune.samplers.engine import EngineSampler
from crosstune.space.space import Space
from crosstune.system.scalars import plain_arguments


class HyperoptSampler(EngineSampler):
    """Hyperopt's tpe, rand, anneal or mix in any Optuna study.

    Args:
        algo: "tpe", "rand", "anneal" or "mix", or the roles "bayesian" and "random".
        space: what to search; its points equal those of `hyperopt.fmin` on
            `adapters.get("hyperopt").compile(space)` with `rstate=default_rng(seed)`. None: learn
            it from the trials.
        seed: any integer; None for a random one.
        options: keyword arguments of the algorithm, such as `n_startup_jobs` of tpe.

    >>> import optuna
    >>> study = optuna.create_study(sampler=HyperoptSampler(seed=0))
    >>> study.optimize(lambda trial: trial.suggest_float("x", -1, 1) ** 2, n_trials=30)
    >>> study.best_value < 0.01
    True
    """

    @plain_arguments()
    def __init__(
        self,
        algo: str = "tpe",
        *,
        space: Space | None = None,
        seed: int | None = None,
        **options: Any,
    ):
        adapter = adapters.get("hyperopt")
        super().__init__(adapter, adapter.algorithm(algo), space=space, seed=seed, options=options)
