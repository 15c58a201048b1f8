"""The front door: a request for a study, and the plan that it settles into.

    StudyRequest -> settle() -> Plan -> opened() -> run()

Every study begins here: `tune` and `create_study`, the command line, `SearchCV`, a match, a worker
and `KerasTuner`. `settle` refuses everything that can be refused, before anything is written.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from optuna.pruners import BasePruner
from optuna.samplers import BaseSampler

from crosstune import pruners
from crosstune.engines import budget as budgets
from crosstune.engines import registry as adapters
from crosstune.errors import RequestError
from crosstune.objectives import Prepared, prepare
from crosstune.objectives.default_start import with_defaults
from crosstune.resume.mismatch import FRESH
from crosstune.space.defaults import Defaults
from crosstune.spec.callbacks import made
from crosstune.spec.located import located
from crosstune.spec.spec import Spec, load
from crosstune.study.choice import (
    choose,
    named,
    repeating,
    scheduled,
)
from crosstune.study.earlier_names import as_recorded
from crosstune.study.journals import kept_journal
from crosstune.study.start_points import start_points
from crosstune.tuning.measures import conflicts
from crosstune.tuning.request import Plan, StudyRequest
from crosstune.tuning.scheduling import of_configurations, pausing, scheduler_of

if TYPE_CHECKING:
    from crosstune.parallel.parallel_evaluation import Several


def settle(request: StudyRequest) -> Plan:
    """The plan for a request. Nothing is written.

    Raises:
        RequestError: the request is not possible. The message has file and line if the reason is
            in the spec's file.
    """
    spec = load(request.spec)
    if request.start is not None:
        spec = spec.with_start(start_points(request.start, spec.space))
    if request.resume not in (True, False, FRESH):
        raise RequestError(f"resume is true, false or {FRESH!r}, not {request.resume!r}")
    if request.resume is True and isinstance(request.sampler, BaseSampler):
        raise RequestError(
            "a sampler that was passed cannot go through its earlier trials again. Pass its "
            f"class, or continue with resume={FRESH!r}"
        )
    plan = _settled(request, spec)
    if request.resume:
        recorded = as_recorded(spec, plan.storage, request.study_name)
        if recorded is not spec:
            return _settled(request, recorded)
    return plan


def _settled(request: StudyRequest, spec: Spec) -> Plan:
    """The plan for a request with a loaded spec."""
    for name, limit in (("trials", request.trials), ("seconds", request.seconds)):
        if limit is not None and not limit > 0:
            raise RequestError(f"{name} has to be above 0, not {limit!r}")
    with located(request.spec) as reading:
        for reading.key, conflict in conflicts(
            spec,
            pruner=request.pruner or spec.pruner,
            scheduler=request.scheduler or spec.scheduler,
            repeats=_wanted_repeats(request, spec),
        ):
            raise RequestError(conflict)
        reading.key = "backend" if request.backend is None else None
        adapters.get(request.backend or spec.backend)
        reading.key = "sampler" if (request.sampler or request.backend) is None else None
        engine = choose(
            spec,
            backend=request.backend,
            sampler=request.sampler,
            seed=request.seed,
            warm_start=request.warm_start,
        )
        reading.key = "scheduler" if request.scheduler is None else None
        engine = scheduled(
            engine, scheduler_of(spec, request.scheduler, reads_curves=engine.reads_curves)
        )
        engine.sampler(spec.space)
        reading.key = "pruner" if request.pruner is None else None
        pruner = _pruner(request, spec)
        if engine.scheduler is not None:
            pruner = pausing(pruner, engine.scheduler)
        reading.key = "objective" if request.objective is None else None
        function = None if request.own_loop else prepare(spec, request.objective, request.dialect)
        reading.key = "callbacks"
        callbacks = () if request.own_loop else made(spec.callbacks, spec.folder)
        reading.key = "start" if request.start is None else None
        spec, default_point = with_defaults(spec, partial(_defaults, request, spec, function))
    several = _several(request, spec, function)
    if several is not None:
        engine = several.workers.noted(engine)
    with located(request.spec) as reading:
        from_spec = request.repeats is None and request.patience is None
        reading.key = "repeats" if from_spec else None
        budget = budgets.settle(
            spec,
            trials=request.trials,
            seconds=request.seconds,
            repeats=0 if request.own_loop else request.repeats,
            patience=request.patience,
            ends_by_itself=engine.ends_by_itself,
            default=request.default_trials,
        )
        budgets.check_patience(budget.patience, budget.repeats, len(spec.objectives))
        if engine.scheduler is not None:
            reading.key = "scheduler" if request.scheduler is None else None
            limitless = request.own_loop and request.trials is None and spec.trials is None
            budget = of_configurations(budget, engine.scheduler, limitless=limitless)
            limits = ((0, budget.configurations),)
            engine = replace(engine, scheduler=engine.scheduler.limited(limits))
        if budget.repeats:
            engine = repeating(engine, budget.repeats)
    storage = request.storage
    if storage is None and request.folder is not None and request.resume:
        name = request.study_name or spec.name
        storage = str(kept_journal(request.folder, spec.name, engine, name))
    sampler = engine.sampler(spec.space)
    return Plan(
        request,
        spec,
        engine,
        sampler,
        pruner,
        budget,
        storage,
        function,
        several,
        default_point,
        callbacks,
    )


def _wanted_repeats(request: StudyRequest, spec: Spec) -> int:
    repeats = spec.repeats if request.repeats is None else request.repeats
    return 0 if request.own_loop else repeats


def _defaults(request: StudyRequest, spec: Spec, function: Prepared | None) -> Defaults:
    """The default values for a request.

    Raises:
        RequestError: there is no objective that has them.
    """
    if request.defaults is not None:
        return request.defaults()
    if function is None:
        if request.objective is None and spec.objective is None:
            raise RequestError(
                "there is no objective whose default values could come first. Name it in the "
                "spec, or write a start point with values"
            )
        function = prepare(spec, request.objective, request.dialect)
    return function.defaults()


def _pruner(request: StudyRequest, spec: Spec) -> BasePruner | None:
    """The pruner that a request names, or else the spec; None if neither does."""
    if isinstance(request.pruner, BasePruner):
        return request.pruner
    wanted = spec.pruner if request.pruner is None else named(request.pruner)
    return None if wanted is None else pruners.create(wanted.name, wanted.options)


def _several(request: StudyRequest, spec: Spec, function: Prepared | None) -> Several | None:
    """The processes that evaluate trials; None if this one does.

    Raises:
        RequestError: options exclude each other, or a library is missing.
    """
    options = (request.workers, request.executor, request.lag, request.trial_seconds, request.host)
    if function is None or all(option is None for option in options):
        return None
    from crosstune.parallel.evaluate import Recipe
    from crosstune.parallel.parallel_evaluation import Several, Workers

    return Several(Workers(*options), Recipe(spec, request.objective, request.dialect), function)
