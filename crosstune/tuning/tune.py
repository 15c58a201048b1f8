"""`crosstune.tune` and `crosstune.create_study`: the front door for Python."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import replace
from pathlib import Path
from typing import Any

from optuna.study import Study

from crosstune.objectives import Objective
from crosstune.spec.spec import Spec
from crosstune.study.choice import SamplerChoice, named
from crosstune.study.start_points import Start
from crosstune.study.storage import Place
from crosstune.study.warm_start import Earlier
from crosstune.system.scalars import plain_arguments
from crosstune.tuning.between_trials import Callback
from crosstune.tuning.front import settle
from crosstune.tuning.loop import run_plan
from crosstune.tuning.opening import open_study, opened
from crosstune.tuning.request import StudyRequest


@plain_arguments("spec")
def tune(
    spec: Spec | str | Path | Mapping[str, Any],
    objective: Objective | str | Mapping[str, Any] | None = None,
    *,
    backend: str | None = None,
    sampler: SamplerChoice | None = None,
    pruner: str | Mapping[str, Any] | None = None,
    scheduler: str | Mapping[str, Any] | None = None,
    trials: int | None = None,
    seconds: float | None = None,
    repeats: int | None = None,
    patience: int | None = None,
    seed: int | None = None,
    warm_start: Earlier | Iterable[Earlier] = (),
    start: Start | None = None,
    storage: Place = None,
    study_name: str | None = None,
    resume: bool | str = False,
    callbacks: Iterable[Callback] = (),
    dialect: str | None = None,
    workers: int | None = None,
    executor: Executor | str | None = None,
    lag: int | None = None,
    trial_seconds: float | None = None,
    host: str | None = None,
) -> Study:
    """Run a study and return it.

    Every keyword defaults to the value of the spec.

    Args:
        spec: a Spec, its file, a mapping of its keys, or a Hyperopt space.
        objective: `f(params)`, `f(params, trial)`, Optuna's `f(trial)`, or `f(lr=0.1, depth=3)`
            with the parameters by name; ``module:function``; or the mapping of the sklearn
            dialect. It returns the metric, or a mapping that has it.
        backend, sampler, pruner, scheduler, seed, warm_start: see `create_study`.
        trials: finished trials of the study in total, with pruned and failed ones; with a
            scheduler, configurations, each of which may be trained in several trials.
        seconds: after which no trial starts. With neither, the budget is 100 trials, and none for
            a grid or a scheduler, which end by themselves.
        repeats: how many of the last trials evaluate leading points again, for an objective with
            noise; see `crosstune.recommend`.
        patience: the study ends after this number of trials in a row without an improvement.
        start: points to evaluate first; "defaults", alone or among them, is the point of the
            objective's own default values. Trials are taken as points, such as the front
            `study.best_trials`, and a study stands for its best trials.
        storage, study_name: where to keep the study. None keeps it in memory.
        resume: continue the existing study, up to the budget. True continues to the trials of an
            uninterrupted run; "fresh" uses a fresh engine that learns from the trials.
        callbacks: Optuna's, called with the study and the finished trial.
        dialect: "optuna", "crosstune", "hyperopt" or "sklearn", if it cannot be recognized.
        workers: number of parallel trials, each in a process.
        executor: evaluates them instead: an executor of yours, the address of a Dask scheduler, or
            "local" for a Dask cluster on this machine.
        lag: for parallel trials: tell each outcome `lag` trials after its trial was asked for, so
            that any number of workers up to `lag + 1` has the same history. None: as they arrive.
        trial_seconds: end the process of a trial that takes longer; for `workers` and Dask only.
        host: the address of this machine for workers on others.

    Returns:
        The `optuna.Study`. A trial whose objective raises, or returns NaN, is a failed trial.

    Raises:
        RequestError: the request is bad; nothing was evaluated.
        ResumeMismatch: the study cannot continue to the same trials; the message says why.
        RunError: the objective returned no number, or its first three trials all failed.

    >>> study = tune(
    ...     {"space": {"x": {"type": "float", "low": -1, "high": 1}}, "seed": 0},
    ...     lambda params: params["x"] ** 2,
    ...     trials=30,
    ... )
    >>> study.best_value < 0.01
    True
    """
    _refuse_instance(pruner)
    plan = settle(
        StudyRequest(
            spec=spec,
            objective=objective,
            dialect=dialect,
            backend=backend,
            sampler=sampler,
            pruner=pruner,
            scheduler=scheduler,
            trials=trials,
            seconds=seconds,
            repeats=repeats,
            patience=patience,
            seed=seed,
            warm_start=warm_start,
            start=start,
            storage=storage,
            study_name=study_name,
            resume=resume,
            workers=workers,
            executor=executor,
            lag=lag,
            trial_seconds=trial_seconds,
            host=host,
        )
    )
    with opened(plan) as study:
        run_plan(plan, study, callbacks)
    return study


@plain_arguments("spec")
def create_study(
    spec: Spec | str | Path | Mapping[str, Any],
    *,
    backend: str | None = None,
    sampler: SamplerChoice | None = None,
    pruner: str | Mapping[str, Any] | None = None,
    scheduler: str | Mapping[str, Any] | None = None,
    seed: int | None = None,
    warm_start: Earlier | Iterable[Earlier] = (),
    storage: Place = None,
    study_name: str | None = None,
) -> Study:
    """A new `optuna.Study` whose trials the chosen engine proposes.

    Every keyword defaults to the value of the spec. Start points are queued.

    Args:
        spec: a Spec, its file, or a mapping of its keys.
        backend: "optuna", "hyperopt", "keras_tuner" or one of a plug-in.
        sampler: a role (random, grid, bayesian), a native name of the backend, a mapping of a
            name and options, or an Optuna sampler of your own: a class, ``module:Class``, or an
            instance, which cannot be resumed to the same trials.
        pruner: a name from `crosstune.pruners`, or a mapping of a name and options.
        scheduler: decides how far each trial is trained: freeze-thaw, i-epoch, successive-halving
            or hyperband, with the epochs of a whole training, as "freeze-thaw:50", or a mapping of
            a name and options.
        seed: any integer.
        warm_start: earlier studies to learn from, journal files or URLs of databases, made by any
            engine; for `crosstune:gp`.
        storage: None for memory, a path for a journal file, a database URL, or a storage.
        study_name: defaults to the spec's name. Hyperband's brackets depend on it.

    Raises:
        RequestError: the request is bad.

    >>> study = create_study({"space": {"x": {"type": "float", "low": -1, "high": 1}}, "seed": 0})
    >>> study.optimize(lambda trial: trial.suggest_float("x", -1, 1) ** 2, n_trials=20)
    >>> len(study.trials)
    20
    """
    _refuse_instance(pruner)
    plan = settle(
        StudyRequest(
            spec=spec,
            own_loop=True,
            backend=backend,
            sampler=sampler,
            pruner=pruner,
            scheduler=scheduler,
            seed=seed,
            warm_start=warm_start,
            storage=storage,
            study_name=study_name,
        )
    )
    return open_study(replace(plan, budget=None))


def _refuse_instance(pruner: object) -> None:
    """Raise RequestError for a pruner that is neither a name nor a mapping with one."""
    if pruner is not None:
        named(pruner)  # type: ignore[arg-type]  # which it checks
