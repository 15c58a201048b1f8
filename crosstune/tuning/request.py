"""What is asked for, and what will run: a request for a study, and its plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optuna.pruners import BasePruner
from optuna.samplers import BaseSampler

from crosstune.engines.budget import SearchBudget
from crosstune.objectives import Objective, Prepared
from crosstune.resume.agreement import DEFAULT_POINT
from crosstune.space.defaults import DefaultPoint, Defaults
from crosstune.spec.callbacks import Callback
from crosstune.spec.spec import Spec
from crosstune.study.choice import ChosenEngine, SamplerChoice
from crosstune.study.start_points import Start
from crosstune.study.storage import Place
from crosstune.study.warm_start import Earlier

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
