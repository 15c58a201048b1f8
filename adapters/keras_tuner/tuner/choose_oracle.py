"""Chooses the oracle of a `crosstune.KerasTuner`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import optuna
from optuna.samplers import BaseSampler

from crosstune.adapters.keras_tuner.defaults import hypermodel_defaults
from crosstune.adapters.keras_tuner.inside import Oracle
from crosstune.adapters.keras_tuner.library import keras_tuner
from crosstune.adapters.keras_tuner.oracle_with_study import LedgerOracle
from crosstune.adapters.keras_tuner.tuner.native_oracle import native_oracle
from crosstune.adapters.keras_tuner.tuner.oracle_study import StudyKeeper
from crosstune.adapters.keras_tuner.tuner.spec_oracle import SpecOracle, objective_of, with_metric
from crosstune.engines import budget as budgets
from crosstune.engines.budget import ends_by_itself
from crosstune.errors import RequestError, Unsupported
from crosstune.pruners import as_pruner
from crosstune.samplers.engine import EngineSampler
from crosstune.samplers.named import named_algorithm
from crosstune.samplers.scalarisation import SCALARISE
from crosstune.spec.spec import Spec, load
from crosstune.study.storage import Place
from crosstune.tuning.front import settle
from crosstune.tuning.request import StudyRequest

_TRIALS = 10
"""Default number of trials (Keras Tuner's own), except for a grid or a scheduler."""


def choose_oracle(
    spec: Spec | str | os.PathLike[str] | Mapping[str, Any] | None,
    *,
    backend: str | None,
    sampler: BaseSampler | str | Mapping[str, Any] | None,
    max_trials: int | None,
    hyperparameters: keras_tuner.HyperParameters | None,
    tune_new_entries: bool,
    hypermodel: Any = None,
    **more: Any,
) -> LedgerOracle:
    """The oracle for a spec and the arguments of a tuner.

    Args:
        spec, backend, sampler, max_trials, hyperparameters, tune_new_entries, hypermodel: see
            `KerasTuner`.
        more: its `objective`, `pruner`, `seed`, `storage` and `study_name`, further arguments of
            `keras_tuner.Oracle`, and `new`: whether to refuse a study that has trials.

    Raises:
        RequestError: it cannot be made.
    """
    if backend is not None:
        backend = backend.replace("-", "_")
    if spec is not None:
        if hyperparameters is not None:
            raise RequestError("give a spec or hyperparameters, not both: each says the space")
        return _of_spec(
            _loaded(spec),
            hypermodel=hypermodel,
            backend=backend,
            sampler=sampler,
            max_trials=max_trials,
            **more,
        )
    more |= {"hyperparameters": hyperparameters, "tune_new_entries": tune_new_entries}
    if isinstance(sampler, BaseSampler):
        budget = budgets.settle(
            None, trials=max_trials, ends_by_itself=_sampler_ends(sampler), default=_TRIALS
        )
        return Oracle(sampler, max_trials=budget.trials, **more)
    name, options = _named(backend, sampler)
    adapter, algorithm = named_algorithm(name)
    # Another library's grid has no end here: the hypermodel may add to the space.
    ends = adapter.name == "keras_tuner" and ends_by_itself(adapter, algorithm)
    budget = budgets.settle(None, trials=max_trials, ends_by_itself=ends, default=_TRIALS)
    more |= {"max_trials": budget.trials, "options": options}
    if adapter.name != "keras_tuner" or SCALARISE in options:
        return Oracle(f"{adapter.name}:{algorithm}", **more)
    study = {name: more.pop(name) for name in ("pruner", "storage", "study_name", "new")}
    if adapter.algorithms[algorithm].scheduler and study["pruner"] is not None:
        raise Unsupported(f"keras_tuner:{algorithm} ends trials by itself. Leave the pruner out")
    # The study only records, so its sampler is never asked.
    silent = optuna.samplers.RandomSampler()
    keeper = StudyKeeper(silent, seed=None, objective=more["objective"], **study)
    return native_oracle(adapter, algorithm, keeper=keeper, **more)


def _of_spec(
    spec: Spec,
    *,
    hypermodel: Any,
    backend: str | None,
    sampler: BaseSampler | str | Mapping[str, Any] | None,
    objective: Any,
    max_trials: int | None,
    pruner: optuna.pruners.BasePruner | str | Mapping[str, Any] | None,
    seed: int | None,
    storage: Place,
    study_name: str | None,
    **more: Any,
) -> SpecOracle:
    if isinstance(sampler, BaseSampler):
        raise RequestError(
            "a spec is searched by an engine that is told its space: give the sampler by name"
        )
    objective = keras_tuner.Oracle(objective or objective_of(spec), seed=1).objective
    spec = with_metric(spec, objective)
    plan = settle(
        StudyRequest(
            spec=spec,
            own_loop=True,
            backend=backend,
            sampler=sampler,
            pruner=None if pruner is None else as_pruner(pruner),
            trials=max_trials,
            default_trials=_TRIALS,
            seed=seed,
            defaults=partial(hypermodel_defaults, hypermodel, "the hypermodel"),
            storage=storage,
            study_name=study_name,
            resume=True,
        )
    )
    return SpecOracle(plan, objective=objective, **more)


def _sampler_ends(sampler: BaseSampler) -> bool:
    """True for a sampler that ends by itself, such as a grid."""
    if isinstance(sampler, EngineSampler):
        return ends_by_itself(sampler.adapter, sampler.algorithm)
    return isinstance(sampler, optuna.samplers.GridSampler | optuna.samplers.BruteForceSampler)


def _loaded(spec: Any) -> Spec:
    if isinstance(spec, str) and not Path(spec).suffix and not Path(spec).exists():
        raise RequestError(
            f"the spec {spec!r} is no file. If it is the objective, write objective={spec!r}"
        )
    return load(Path(spec) if isinstance(spec, os.PathLike) else spec)


def _named(
    backend: str | None, sampler: str | Mapping[str, Any] | None
) -> tuple[str, dict[str, Any]]:
    """One string for backend and sampler, and the sampler's options."""
    options: dict[str, Any] = {}
    if isinstance(sampler, Mapping):
        options = {key: value for key, value in sampler.items() if key != "name"}
        sampler = str(sampler.get("name", "bayesian"))
    sampler = sampler or ""
    if ":" in sampler and backend in (None, sampler.partition(":")[0].replace("-", "_")):
        return sampler, options
    return f"{backend or 'optuna'}:{sampler}", options
