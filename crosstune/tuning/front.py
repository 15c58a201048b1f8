"""The front door: a request for a study, and the plan that it settles into.

    StudyRequest -> settle() -> Plan -> opened() -> run()

Every study begins here: `tune` and `create_study`, the command line, `SearchCV`, a match, a worker
and `KerasTuner`. `settle` refuses everything that can be refused, before anything is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optuna.pruners import BasePruner
from optuna.samplers import BaseSampler

from crosstune import pruners
from crosstune.engines import budget as budgets
from crosstune.engines import registry as adapters
from crosstune.engines.budget import SearchBudget
from crosstune.errors import RequestError
from crosstune.objectives import Objective, Prepared, prepare
from crosstune.objectives.default_start import with_defaults
from crosstune.resume.agreement import DEFAULT_POINT
from crosstune.resume.mismatch import FRESH
from crosstune.space.defaults import DefaultPoint, Defaults
from crosstune.spec.callbacks import Callback, made
from crosstune.spec.located import located
from crosstune.spec.spec import Spec, load
from crosstune.study.choice import (
    ChosenEngine,
    SamplerChoice,
    choose,
    named,
    repeating,
    scheduled,
)
from crosstune.study.earlier_names import as_recorded
from crosstune.study.journals import kept_journal
from crosstune.study.start_points import Start, start_points
from crosstune.study.storage import Place
from crosstune.study.warm_start import Earlier
from crosstune.tuning.measures import conflicts
from crosstune.tuning.scheduling import of_configurations, pausing, scheduler_of

if TYPE_CHECKING:
    from crosstune.parallel.parallel_evaluation import Several


@dataclass(frozen=True, kw_only=True)
class StudyRequest:
    """A request for a study; None means the value of the spec.

    Attributes:
        spec: a Spec, its file, or a mapping of its keys.
        objective, dialect: see `tune`.
        own_loop: the caller evaluates the trials itself, so no objective is prepared.
        backend, sampler, seed, warm_start: see `create_study`.
        pruner: a name, a mapping of a name and options, or an Optuna pruner.
        scheduler: a name, with the epochs as in "i-epoch:50" unless the spec has them, or a mapping
            of a name and options; "none" is none.
        trials: finished trials of the study in total.
        seconds: after which no trial starts.
        repeats: how many of the last trials evaluate leading points again; 0 with an own loop.
        patience: trials in a row without an improvement after which the study ends.
        default_trials: the number of trials if nothing limits the search; None is 100.
        start: points to evaluate first, trials among them, or a study with the best ones;
            "defaults", alone or among them, is that of the default values.
        defaults: the default values, if the caller evaluates the trials itself; None takes those
            of the objective.
        storage: None for memory, a path for a journal file, a database URL, or a storage.
        folder: of the journal file of a study without a storage; None keeps it in memory.
        study_name: defaults to the spec's name.
        resume: True continues to the trials of an uninterrupted run; "fresh" continues with an
            engine that learns from the trials.
        workers, executor, lag, trial_seconds, host: see `tune`.
    """

    spec: Spec | str | Path | Mapping[str, Any]
    objective: Objective | str | Mapping[str, Any] | None = None
    dialect: str | None = None
    own_loop: bool = False
    backend: str | None = None
    sampler: SamplerChoice | None = None
    pruner: BasePruner | str | Mapping[str, Any] | None = None
    scheduler: str | Mapping[str, Any] | None = None
    trials: int | None = None
    seconds: float | None = None
    repeats: int | None = None
    patience: int | None = None
    default_trials: int | None = None
    seed: int | None = None
    warm_start: Earlier | Iterable[Earlier] = ()
    start: Start | None = None
    defaults: Callable[[], Defaults] | None = None
    storage: Place = None
    folder: Path | None = None
    study_name: str | None = None
    resume: bool | str = False
    workers: int | None = None
    executor: Executor | str | None = None
    lag: int | None = None
    trial_seconds: float | None = None
    host: str | None = None


@dataclass(frozen=True)
class Plan:
    """A settled request, ready to run.

    Attributes:
        request: settled into this plan.
        spec: with the request's start points; that of the default values has values.
        engine: proposes the points, with its seed.
        sampler: of the engine, unused so far.
        pruner: unused so far; None if neither request nor spec names one.
        budget: of the study as a whole; None if it is not known.
        storage: None for memory, or for a new journal in the request's folder.
        function: the objective; None if the caller evaluates the trials itself.
        several: evaluates the trials, if not this process alone.
        callbacks: those that the spec names; empty if the caller evaluates the trials itself.
        default_point: the default values among the start points; None if not asked for.
    """

    request: StudyRequest
    spec: Spec
    engine: ChosenEngine
    sampler: BaseSampler
    pruner: BasePruner | None
    budget: SearchBudget | None
    storage: Place
    function: Prepared | None = None
    several: Several | None = None
    default_point: DefaultPoint | None = None
    callbacks: tuple[Callback, ...] = ()

    @property
    def study_name(self) -> str:
        """The name of the study; Hyperband's brackets depend on it."""
        return self.request.study_name or self.spec.name

    @property
    def lag(self) -> int | None:
        """The lag of a run in order; None without workers, or for no order."""
        return None if self.several is None else self.several.lag

    @property
    def default_record(self) -> dict[str, Any]:
        """The part of the run's record for the default values; empty if they are not asked for."""
        return {} if self.default_point is None else {DEFAULT_POINT: self.default_point.plain()}

    @property
    def default_notes(self) -> tuple[str, ...]:
        """Notes for the user on default values that are left out."""
        return () if self.default_point is None else tuple(self.default_point.sentences())


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
