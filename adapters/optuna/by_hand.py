"""Optuna by hand: `study.optimize` with one `suggest` call per parameter."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import optuna
from optuna import samplers

from crosstune.engines import study_values as ledger
from crosstune.engines.registry import get
from crosstune.proofs.by_hand import Loss, SeveralLosses, Suggestion
from crosstune.space.space import Params, Space


def search(
    algorithm: str,
    space: Space,
    *,
    seed: int,
    trials: int,
    loss: Loss,
    losses: SeveralLosses | None = None,
) -> list[Suggestion]:
    """The suggestions of Optuna.

    Args:
        algorithm: one of `OptunaAdapter.algorithms`.
        space: to search.
        seed: 0 to 2**32 - 1.
        trials: how many.
        loss: of a suggestion.
        losses: several instead, with constraints; None for the one loss.
    """
    compiled = get("optuna").compile(space)
    declared = ledger.distributions(space)
    made: list[Suggestion] = []

    def objective(trial: optuna.Trial) -> float | list[float]:
        params: Params = {}
        for name, item in space.items():
            if not space.is_active(name, params):
                continue
            if name not in compiled:
                params[name] = item.only
                continue
            drawn = ledger.suggest(trial, name, compiled[name])
            native = compiled[name] == declared[name]
            params[name] = ledger.read(item, drawn) if native else item.decode(drawn)
        made.append(Suggestion(params))
        if losses is None:
            return loss(made[-1])
        for name, constraint in losses.constraints.items():
            trial.set_constraint(name, constraint(made[-1]))
        return [one(made[-1]) for one in losses.objectives]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        sampler = _SAMPLERS[algorithm](space, seed)
    count = 1 if losses is None else len(losses.objectives)
    study = optuna.create_study(sampler=sampler, directions=["minimize"] * count)
    study.optimize(objective, n_trials=trials)
    return made


def _grid(space: Space, seed: int) -> samplers.BaseSampler:
    compiled, declared = get("optuna").compile(space), ledger.distributions(space)
    values = {}
    for name, item in space.searched.items():
        raw = item.grid_points(10)
        native = compiled[name] == declared[name]
        values[name] = [ledger.write(item, item.decode(x)) if native else x for x in raw]
    return samplers.GridSampler(values, seed=seed)


_QUIET: dict[str, Any] = {"warn_independent_sampling": False}
_SAMPLERS: dict[str, Callable[[Space, int], samplers.BaseSampler]] = {
    "tpe": lambda space, seed: samplers.TPESampler(seed=seed),
    "tpe-v4": lambda space, seed: samplers.TPESampler(
        seed=seed, multivariate=False, constant_liar=False
    ),
    "gp": lambda space, seed: samplers.GPSampler(seed=seed, **_QUIET),
    "cmaes": lambda space, seed: samplers.CmaEsSampler(seed=seed, **_QUIET),
    "nsga2": lambda space, seed: samplers.NSGAIISampler(seed=seed),
    "nsga3": lambda space, seed: samplers.NSGAIIISampler(seed=seed),
    "qmc": lambda space, seed: samplers.QMCSampler(seed=seed, **_QUIET),
    "random": lambda space, seed: samplers.RandomSampler(seed=seed),
    "grid": _grid,
    "brute-force": lambda space, seed: samplers.BruteForceSampler(seed=seed),
}
