"""Bayesian optimisation by a Gaussian process, our own."""

from __future__ import annotations

from typing import Any

from crosstune import adapters
from crosstune.samplers.engine import EngineSampler
from crosstune.space import Space


class GaussianProcessSampler(EngineSampler):
    """A Gaussian process with log expected improvement, for few and costly trials.

    Args:
        space: what to search. None: learn it from the trials.
        seed: any integer; None for a random one.
        startup: how many points of a Sobol sequence come first.

    >>> import optuna
    >>> study = optuna.create_study(sampler=GaussianProcessSampler(seed=0))
    >>> study.optimize(lambda trial: trial.suggest_float("x", -1, 1) ** 2, n_trials=20)
    >>> study.best_value < 1e-4
    True
    """

    def __init__(self, *, space: Space | None = None, seed: int | None = None, **options: Any):
        super().__init__(adapters.get("crosstune"), "gp", space=space, seed=seed, options=options)
