"""Any engine as an Optuna sampler.

declared.py is the search of a space that was declared, learned.py that of a space that is learnt
from the trials. Either makes its engines by engine_source.py and keeps them level with the study by
reconcile.py.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from crosstune import _optuna
from crosstune.engines.base import Adapter
from crosstune.errors import Unsupported
from crosstune.samplers.constraints import note_constraints
from crosstune.samplers.copies import Lineage, differ_after_fork
from crosstune.samplers.declared import DeclaredSearch
from crosstune.samplers.engine_source import EngineSource
from crosstune.samplers.learned import NOTE as LEARNED
from crosstune.samplers.learned import LearnedSearch
from crosstune.samplers.timed import timed
from crosstune.space.space import Space
from crosstune.system.scalars import plain_arguments

Search: TypeAlias = DeclaredSearch | LearnedSearch
"""What a sampler does in one study."""


class EngineSampler(BaseSampler):
    """A backend's algorithm, asked and told by hand inside an Optuna study.

    Optuna calls `sample_relative` once a trial, when its first parameter is suggested. There the
    engine is brought level with the ledger and then asked. Nothing happens when a trial ends:
    the next call reads it from the ledger, whoever evaluated it.

    Args:
        adapter: the backend.
        algorithm: a native name of the backend.
        space: what to search. None: learn it from the trials.
        seed: any integer; None for a random one.
        options: keyword arguments of the algorithm.
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
    ):
        self.adapter = adapter
        self.algorithm = algorithm
        self.space = space
        self.seed = seed
        self.options = dict(options or {})
        if space is not None:
            adapter.compiled(space)
        elif adapter.algorithms[algorithm].scheduler:
            raise Unsupported(
                f"{adapter.name}:{algorithm} schedules whole points, so it needs to be told the "
                "space: give space="
            )
        adapter.algorithms[algorithm].check_options(f"{adapter.name}:{algorithm}", self.options)
        self._lock = threading.RLock()
        self._lineage = Lineage()
        self._start()
        self.seconds = 0.0
        """Of wall time that it has worked so far."""
        self.copies_differ = False
        """Whether each copy has random points of its own, as one of a sampler without a seed."""
        differ_after_fork(self)

    def _start(self) -> None:
        """Have no engine yet."""
        self._source = EngineSource(
            self.adapter, self.algorithm, self.seed, self.options, self._lineage
        )
        self._searches: WeakKeyDictionary[Any, dict[int, Search]] = WeakKeyDictionary()
        self._search: Search | None = None

    @property
    def label(self) -> str:
        """Backend and algorithm, as they are written on the command line."""
        return self._source.label

    @property
    def why_it_ends(self) -> str:
        """What to say when there is no next trial."""
        return self._source.why_it_ends

    @property
    def native(self) -> Any:
        """The live native object of a declared space; None before the first trial."""
        return None if self._search is None else self._search.native

    @property
    def uses_constraints(self) -> bool:
        """Whether it learns from the constraints of trials which points are infeasible."""
        algorithm = self.adapter.algorithms[self.algorithm]
        return algorithm.constraints or "constraints_func" in self.options

    def close(self) -> None:
        """End what the engine of a declared space has running beside this process."""
        if isinstance(self._search, DeclaredSearch) and self._search.follower is not None:
            self._search.follower.engine.close()

    @timed
    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """All of a declared space; of a learnt one what the trials have in common."""
        with self._lock:
            return self._search_of(study).distributions(study)

    @timed
    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """The engine's proposal: the active parameters, as the ledger holds them.

        Raises:
            SpaceExhausted: a declared space has no point left. `study.stop()` was called.
        """
        with self._lock:
            search = self._search_of(study)
            self._lineage.note(trial.number)
            return search.propose(study, trial, search_space)

    @timed
    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """A parameter that the proposal does not have.

        In a declared space that is one whose parents were fixed by hand: it is drawn from the
        prior. In a learnt one it gets an engine of its own.

        Raises:
            SpecError: the parameter, or its range, is not that of the declared space.
        """
        with self._lock:
            search = self._search_of(study)
            self._lineage.note(trial.number)
            return search.propose_alone(study, trial, param_name, param_distribution)

    @timed
    def after_trial(
        self,
        study: Study,
        trial: FrozenTrial,
        state: TrialState,
        values: Sequence[float] | None,
    ) -> None:
        """Say so, once, where the trial has constraints that the engine cannot use."""
        note_constraints(study, self, trial)

    def reseed_rng(self) -> None:
        """Propose other points than this sampler and its other copies would from here on.

        Optuna calls it in each thread of several jobs. They share one engine behind one lock, so
        nothing is done there: it counts in the main thread alone, as of a process that was
        handed a copy.

        Raises:
            Unsupported: the engine is a scheduler, which waits for running trials.
        """
        if self.adapter.algorithms[self.algorithm].scheduler:
            raise Unsupported(
                f"{self.label} waits for running trials before it goes on, so it cannot have "
                "several jobs. Use n_jobs=1"
            )
        if threading.current_thread() is threading.main_thread():
            with self._lock:
                self._begin_anew()
                self._lineage.reseed()

    def forked(self) -> None:
        """Be a copy: called in a process that was forked from the one that has this sampler."""
        self._lock = threading.RLock()  # a thread that is not here may have taken the other
        self._begin_anew()
        if self.copies_differ:
            self._lineage.reseed()

    def _begin_anew(self) -> None:
        """Leave the engines behind, and build others from the ledger."""
        self._lineage.become_copy(self._asked)
        self._start()

    @property
    def _asked(self) -> int:
        """How many proposals were made by this sampler, and by those that it is a copy of."""
        return self._lineage.asked + sum(
            search.asked for searches in self._searches.values() for search in searches.values()
        )

    def lasts(self, study: Study) -> float:
        """How many calls of `sample_relative` are guaranteed to return a point."""
        with self._lock:
            return self._search_of(study).lasts(study)

    @timed
    def exhausted(self, study: Study) -> bool:
        """True if a declared space has no point left for one more trial."""
        if self.space is None:
            return False
        with self._lock:
            return self._search_of(study).has_point(study) is None

    @timed
    def ready(self, study: Study) -> bool:
        """True if there is a point for one more trial now; there may be when one has ended."""
        if self.space is None:
            return True
        with self._lock:
            return bool(self._search_of(study).has_point(study))

    def freeze(self, study: Study) -> dict[str, Any]:
        """What has become of the search of a declared space, with the engine's native objects.

        Unlike a copy, which is for another process, it continues as this one would: `thaw` gives
        it to a sampler that was made alike.
        """
        with self._lock:
            return {"copy": self._lineage.freeze(), "search": self._search_of(study).freeze()}

    def thaw(self, study: Study, frozen: Mapping[str, Any]) -> None:
        """Continue in a study as the sampler that was frozen would."""
        with self._lock:
            search = self._search_of(study)
            self._lineage.thaw(frozen["copy"])
            if frozen["search"] is not None:
                search.thaw(study, frozen["search"])

    def __getstate__(self) -> dict[str, Any]:
        # Native objects stay behind: a copy builds its engine anew from the ledger.
        kept = {
            key: getattr(self, key) for key in ("adapter", "algorithm", "space", "seed", "options")
        }
        return {**kept, "asked": self._asked, "copies_differ": self.copies_differ}

    def __setstate__(self, state: dict[str, Any]) -> None:
        made = {**state}
        asked, differ = made.pop("asked"), made.pop("copies_differ", False)
        EngineSampler.__init__(self, **made)  # a subclass takes other arguments
        self._lineage.become_copy(asked)
        self.copies_differ = differ
        if differ:
            self._lineage.reseed()

    def _search_of(self, study: Study) -> Search:
        """The search of a study; each study that the sampler is given to has one."""
        storage, number = _optuna.identity(study)
        searches = self._searches.setdefault(storage, {})
        if number not in searches:
            if len(study.directions) > 1:
                raise Unsupported(
                    f"{self.label} searches for one objective, and this study has "
                    f"{len(study.directions)}. Optuna's own samplers take several"
                )
            searches[number] = (
                LearnedSearch(self._source)
                if self.space is None
                else DeclaredSearch(self._source, self.space)
            )
            self._source.leave_record(study, [] if self.space is not None else [LEARNED])
        self._search = searches[number]
        return self._search
