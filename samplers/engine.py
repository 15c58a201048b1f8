"""Any engine as an Optuna sampler.

searches.py has the search of each study. declared.py searches a declared space, and learned.py one
that is learnt from the trials; scheduled/ has both with a scheduler in front. All make engines with
engine_source.py, and keep them up to date with the study by reconcile.py.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from crosstune.engines.base import Adapter, Engine
from crosstune.errors import Unsupported
from crosstune.samplers.constraints import note_constraints
from crosstune.samplers.copies import Lineage, differ_after_fork
from crosstune.samplers.declared import DeclaredSearch
from crosstune.samplers.engine_source import EngineSource
from crosstune.samplers.scalarisation import NOTE, of_options
from crosstune.samplers.scheduled.learned_search import ScheduledLearnedSearch
from crosstune.samplers.scheduled.pausing import check_end
from crosstune.samplers.scheduled.search import ScheduledSearch
from crosstune.samplers.scheduled.settings import Scheduler, check_schedulable
from crosstune.samplers.searches import Searches
from crosstune.samplers.timed import timed
from crosstune.space.space import Space
from crosstune.system.scalars import plain_arguments


class EngineSampler(BaseSampler):
    """A backend's algorithm as a sampler for an Optuna study.

    Optuna calls `sample_relative` once per trial, when its first parameter is suggested. The engine
    is then told the finished trials in the ledger, and asked for a point. Nothing is told when a
    trial ends: the next call reads it from the ledger, whichever process evaluated it.

    Args:
        adapter: the backend.
        algorithm: a native name of the backend.
        space: what to search. None: learn it from the trials.
        seed: any integer; None for a random one.
        options: keyword arguments of the algorithm.
        scheduler: decides how far each trial is trained; None for whole trials.
    """

    @plain_arguments()
    def __init__(
        self,
        adapter: Adapter,
        algorithm: str,
        *,
        space: Space | None = None,
        seed: int | None = None,
        options: Mapping[str, Any] | None = None,
        scheduler: Scheduler | None = None,
    ):
        self.adapter = adapter
        self.algorithm = algorithm
        self.space = space
        self.seed = seed
        self.options = dict(options or {})
        self.scheduler = scheduler
        if scheduler is not None:
            check_schedulable(adapter, algorithm, scheduler)
        if space is not None:
            adapter.compiled(space)
        elif adapter.algorithms[algorithm].scheduler:
            raise Unsupported(
                f"{adapter.name}:{algorithm} schedules whole points, so it needs to be told the "
                "space: give space="
            )
        native, _ = of_options(self.options)
        adapter.algorithms[algorithm].check_options(f"{adapter.name}:{algorithm}", native)
        self._lock = threading.RLock()
        self._lineage = Lineage()
        self._start()
        self.seconds = 0.0
        """Wall time that the sampler has taken so far."""
        self.copies_differ = False
        """Whether each copy has random points of its own, as copies without a seed do."""
        differ_after_fork(self)

    def _start(self) -> None:
        """Reset to a state without engines."""
        self._source = EngineSource(
            self.adapter, self.algorithm, self.seed, self.options, self._lineage
        )
        self._searches = Searches(self._source, self.space, self.scheduler)

    @property
    def label(self) -> str:
        """Backend and algorithm, as written on the command line."""
        return self._source.label

    @property
    def why_it_ends(self) -> str:
        """A message for the end of the search."""
        if self.scheduler is not None:
            return f"{self.label} with {self.scheduler.name} has completed its schedule"
        return self._source.why_it_ends

    @property
    def sets_budgets(self) -> bool:
        """True if it, or its scheduler, decides how far each trial is trained."""
        return self.scheduler is not None or self.adapter.algorithms[self.algorithm].scheduler

    @property
    def engine(self) -> Engine | None:
        """The live engine of a declared space; None before the first trial."""
        search = self._searches.last
        return search.engine if isinstance(search, DeclaredSearch) else None

    @property
    def native(self) -> Any:
        """The live native object of a declared space; None before the first trial."""
        search = self._searches.last
        return None if search is None else search.native

    @property
    def uses_constraints(self) -> bool:
        """True if it learns from the constraints of trials which points are infeasible."""
        algorithm = self.adapter.algorithms[self.algorithm]
        searches = self._searches
        rebuilt = searches.scalarises or searches.penalises or self._source.rule is not None
        return algorithm.constraints or rebuilt or "constraints_func" in self.options

    def close(self) -> None:
        """End processes that the engine of a declared space has started."""
        if self.engine is not None:
            self.engine.close()

    @timed
    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """Let the scheduler, if there is one, set the budget of a trial whose parameters it does
        not wait for."""
        if self.scheduler is None:
            return
        with self._lock:
            search = self._searches.of(study)
            if isinstance(search, ScheduledSearch | ScheduledLearnedSearch):
                search.begin(study, trial)

    @timed
    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """All of a declared space; the parameters that all trials share of a learnt one."""
        with self._lock:
            return self._searches.of(study).distributions(study)

    @timed
    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """The engine's proposal: the active parameters, as the ledger stores them.

        Args:
            study, trial, search_space: as in `optuna.samplers.BaseSampler`.

        Raises:
            SpaceExhausted: a declared space has no point left. `study.stop()` was called.
        """
        with self._lock:
            search = self._searches.of(study)
            self._lineage.note(trial.number)
            proposed = search.propose(study, trial, search_space)
            if search.penalises:
                self._source.add_note(study, NOTE)
            return proposed

    @timed
    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """A parameter that is not in the proposal.

        In a declared space its parents were fixed by hand: it is drawn from the prior. In a learnt
        one it gets an engine of its own.

        Args:
            study, trial, param_name, param_distribution: as in `optuna.samplers.BaseSampler`.

        Raises:
            SpecError: the parameter, or its range, is not that of the declared space.
        """
        with self._lock:
            search = self._searches.of(study)
            self._lineage.note(trial.number)
            value = search.propose_alone(study, trial, param_name, param_distribution)
            if search.penalises:
                self._source.add_note(study, NOTE)
            return value

    @timed
    def after_trial(
        self, study: Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None
    ) -> None:
        """Warn, once, if the trial has constraints that the engine cannot use.

        Args:
            study, trial, state, values: as in `optuna.samplers.BaseSampler`.

        Raises:
            ObjectiveError: an objective returned a value where its scheduler pauses.
        """
        if self.scheduler is not None and state == TrialState.COMPLETE:
            check_end(trial)
        note_constraints(study, self, trial)

    def reseed_rng(self) -> None:
        """Propose other points from now on than this sampler and its other copies would.

        It has an effect in the main thread only, such as that of a process with a copy. Optuna also
        calls it in each thread of several jobs, but these share one engine behind one lock.

        Raises:
            Unsupported: the engine is a scheduler, which waits for running trials.
        """
        if self.sets_budgets:
            raise Unsupported(
                f"{self.label} waits for running trials before it goes on, so it cannot have "
                "several jobs. Use n_jobs=1"
            )
        if threading.current_thread() is threading.main_thread():
            with self._lock:
                self._begin_anew()
                self._lineage.reseed()

    def forked(self) -> None:
        """Become a copy: called in a process that was forked from the one with this sampler."""
        self._lock = threading.RLock()  # a thread of the other process may hold the old one
        self._begin_anew()
        if self.copies_differ:
            self._lineage.reseed()

    def _begin_anew(self) -> None:
        """Drop the engines; new ones are built from the ledger."""
        self._lineage.become_copy(self._asked)
        self._start()

    @property
    def _asked(self) -> int:
        """How many proposals were made by this sampler and those that it is a copy of."""
        return self._lineage.asked + self._searches.asked

    def lasts(self, study: Study) -> float:
        """How many calls of `sample_relative` are guaranteed to return a point."""
        with self._lock:
            return self._searches.of(study).lasts(study)

    @timed
    def exhausted(self, study: Study) -> bool:
        """True if nothing is left for one more trial: no point of a declared space, or no part of
        a schedule."""
        if self.space is None and self.scheduler is None:
            return False
        with self._lock:
            return self._searches.of(study).has_point(study) is None

    @timed
    def ready(self, study: Study) -> bool:
        """True if there is a point for one more trial now; there may be when one has ended."""
        if self.space is None and self.scheduler is None:
            return True
        with self._lock:
            return bool(self._searches.of(study).has_point(study))

    def limit_configurations(self, study: Study, most: int | None) -> None:
        """Change how many configurations a study with a scheduler has; None for no limit."""
        with self._lock:
            search = self._searches.of(study)
            assert isinstance(search, ScheduledSearch | ScheduledLearnedSearch)
            search.schedule.scheduler = search.schedule.scheduler.limited(((0, most),))

    def freeze(self, study: Study) -> dict[str, Any]:
        """The state of the search of a declared space, with the engine's native objects.

        Unlike a copy, which is for another process, a sampler that was made alike and restored by
        `thaw` continues exactly as this one would.
        """
        with self._lock:
            return {"copy": self._lineage.freeze(), "search": self._searches.of(study).freeze()}

    def thaw(self, study: Study, frozen: Mapping[str, Any]) -> None:
        """Restore the frozen search of a study."""
        with self._lock:
            search = self._searches.of(study)
            self._lineage.thaw(frozen["copy"])
            if frozen["search"] is not None:
                search.thaw(study, frozen["search"])

    def __getstate__(self) -> dict[str, Any]:
        # Without native objects: a copy builds a new engine from the ledger.
        arguments = {
            key: getattr(self, key)
            for key in ("adapter", "algorithm", "space", "seed", "options", "scheduler")
        }
        return {**arguments, "asked": self._asked, "copies_differ": self.copies_differ}

    def __setstate__(self, state: dict[str, Any]) -> None:
        arguments = {**state}
        proposals, differ = arguments.pop("asked"), arguments.pop("copies_differ", False)
        EngineSampler.__init__(self, **arguments)  # a subclass takes other arguments
        self._lineage.become_copy(proposals)
        self.copies_differ = differ
        if differ:
            self._lineage.reseed()
