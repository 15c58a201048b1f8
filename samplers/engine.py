"""Any engine as an Optuna sampler.

With a declared space one engine searches all of it. Without one, the space is learnt from the
trials: what every trial so far has had in common is searched together, anything else by an
engine of its own a parameter. A learnt space is labelled "not native", since no library would
be called like that by hand.
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from crosstune import _optuna
from crosstune.engines import study_values as ledger
from crosstune.engines.base import Adapter, Busy, Exhausted, seed_in_32_bits
from crosstune.engines.pruner_record import described
from crosstune.engines.record import PRUNER, amend_record, leave_record, records, run_record
from crosstune.engines.seeds import derived_seed
from crosstune.errors import SpecError, Unsupported
from crosstune.samplers.ask_order import Turns, begun, takes_turns
from crosstune.samplers.constraints import note_constraints
from crosstune.samplers.copies import Lineage, differ_after_fork
from crosstune.samplers.learned_space import LearntSearch, LearntSpace
from crosstune.samplers.reconcile import Follower
from crosstune.space.space import Space
from crosstune.system.scalars import plain_arguments

BUDGET = "crosstune:budget"
"""The trial attribute that holds how far a scheduler wants it to be trained."""

DRAWN = "crosstune:drawn"
"""The trial attribute that holds what the engine drew where the ledger holds it nearly."""

_logger = logging.getLogger("crosstune")


class SpaceExhausted(optuna.TrialPruned):
    """The engine has no point left: this trial is pruned without being evaluated."""


class _Search:
    """What a sampler knows of one study."""

    def __init__(self) -> None:
        self.follower: Follower | None = None
        self.learnt = LearntSearch()


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
            adapter.compile(space)
        elif adapter.algorithms[algorithm].scheduler:
            raise Unsupported(
                f"{adapter.name}:{algorithm} schedules whole points, so it needs to be told the "
                "space: give space="
            )
        adapter.algorithms[algorithm].check_options(f"{adapter.name}:{algorithm}", self.options)
        self._lock = threading.RLock()
        self._lineage = Lineage()
        self._searches: WeakKeyDictionary[Any, dict[int, _Search]] = WeakKeyDictionary()
        self._search = _Search()
        self._turns = Turns()
        self.copies_differ = False
        """Whether each copy has random points of its own, as one of a sampler without a seed."""
        differ_after_fork(self)

    @property
    def label(self) -> str:
        """Backend and algorithm, as they are written on the command line."""
        return f"{self.adapter.name}:{self.algorithm}"

    @property
    def why_it_ends(self) -> str:
        """What to say when there is no next trial."""
        if self.adapter.algorithms[self.algorithm].scheduler:
            return f"{self.label} is through with its schedule"
        return f"{self.label} has no new point"

    @property
    def native(self) -> Any:
        """The live native object of a declared space; None before the first trial."""
        follower = self._search.follower
        return None if follower is None else follower.engine.native

    @property
    def uses_constraints(self) -> bool:
        """Whether it learns from the constraints of trials which points are infeasible."""
        algorithm = self.adapter.algorithms[self.algorithm]
        return algorithm.constraints or "constraints_func" in self.options

    def close(self) -> None:
        """End what the engine of a declared space has running beside this process."""
        if self._search.follower is not None:
            self._search.follower.engine.close()

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """All of a declared space; of a learnt one what the trials have in common."""
        with self._lock:
            self._use(study)
            if self.space is not None:
                return dict(ledger.distributions(self.space))
            return self._search.learnt.in_common(study)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """The engine's proposal: the active parameters, as the ledger holds them.

        Raises:
            SpaceExhausted: a declared space has no point left. `study.stop()` was called.
        """
        with self._lock:
            self._use(study)
            self._lineage.note(trial.number)
            if self.space is None:
                return self._sample_learnt(study, trial, search_space)
            in_turn = takes_turns(self._declared(study).engine)
            if in_turn:
                self._turns.wait(study, trial)
            try:
                params = self._declared(study).propose(_optuna.all_trials(study), trial.number)
            except Exhausted:
                self._stop(study, trial)
            except Busy:
                raise Unsupported(
                    f"{self.label} has no trial to give until one that is running has ended. "
                    "Tell its value first"
                ) from None
            budget = self._declared(study).budget(trial.number)
            if budget is not None:
                _optuna.set_user_attr(study, trial, BUDGET, asdict(budget))
            aside = self._declared(study).aside(trial.number)
            if aside:
                _optuna.set_user_attr(study, trial, DRAWN, dict(aside))
            held = ledger.write_point(self.space, params)
            for name, value in held.items():
                _check_contained(name, value, search_space[name])
            if in_turn:
                self._turns.give(study, trial, held)
            return held

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
            self._use(study)
            self._lineage.note(trial.number)
            if self.space is None:
                alone = {param_name: param_distribution}
                return self._sample_learnt(study, trial, alone)[param_name]
            if param_name not in self.space:
                raise SpecError(
                    f"the objective asks for {param_name!r}, which is not in the space: "
                    f"{', '.join(self.space)}"
                )
            declared = ledger.distributions(self.space)[param_name]
            if declared != param_distribution:
                raise SpecError(
                    f"the objective asks for {param_name!r} in {param_distribution}, and the "
                    f"space says {declared}"
                )
            drawn = self.space[param_name].sample(self._rng(trial, param_name))
            return ledger.write(self.space[param_name], drawn)

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
        self._searches = WeakKeyDictionary()
        self._search = _Search()
        self._turns = Turns()

    @property
    def _asked(self) -> int:
        """How many proposals were made by this sampler, and by those that it is a copy of."""
        return self._lineage.asked + sum(
            search.follower.asked
            for searches in self._searches.values()
            for search in searches.values()
            if search.follower is not None
        )

    def lasts(self, study: Study) -> float:
        """For how many trials there surely is a point."""
        with self._lock:
            self._use(study)
            return math.inf if self.space is None else self._declared(study).engine.lasts

    def exhausted(self, study: Study) -> bool:
        """Whether a declared space has no point left for one more trial."""
        return self._has_point(study) is None

    def ready(self, study: Study) -> bool:
        """Whether there is a point for one more trial now; there may be when one has ended."""
        return bool(self._has_point(study))

    def _has_point(self, study: Study) -> bool | None:
        """Whether there is a point now; None where there is none and none is waited for."""
        if self.space is None:
            return True
        with self._lock:
            self._use(study)
            try:
                return self._declared(study).look_ahead(_optuna.all_trials(study))
            except Exhausted:
                return None

    def freeze(self, study: Study) -> dict[str, Any]:
        """What has become of the search of a declared space, with the engine's native objects.

        Unlike a copy, which is for another process, it goes on as this one would: `thaw` gives it
        to a sampler that was made alike.
        """
        with self._lock:
            self._use(study)
            follower = self._search.follower
            return {
                "copy": self._lineage.freeze(),
                "search": None if follower is None else follower.freeze(),
            }

    def thaw(self, study: Study, frozen: Mapping[str, Any]) -> None:
        """Go on in a study as the sampler that was frozen would."""
        with self._lock:
            self._use(study)
            self._lineage.thaw(frozen["copy"])
            if frozen["search"] is not None:
                self._declared(study).thaw(frozen["search"])

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

    def _use(self, study: Study) -> None:
        """Turn to a study; each that the sampler is handed to has a search of its own."""
        storage, number = _optuna.identity(study)
        searches = self._searches.setdefault(storage, {})
        if number not in searches:
            if len(study.directions) > 1:
                raise Unsupported(
                    f"{self.label} searches for one objective, and this study has "
                    f"{len(study.directions)}. Optuna's own samplers take several"
                )
            searches[number] = _Search()
            self._leave_record(study)
        self._search = searches[number]

    def _leave_record(self, study: Study) -> None:
        """Say in a study what searches it, where nobody has, or where it is a copy.

        Where somebody has, the pruner may have been set since.
        """
        runs = records(study)
        first = len(_optuna.all_trials(study)) - 1
        asked = self._lineage.asked
        if not runs or asked:
            notes = [] if self.space is not None else ["the space is learnt from the trials"]
            if asked:
                notes.append(f"a copy of a sampler after {asked} proposals")
            record = run_record(
                self.adapter,
                self.algorithm,
                self.options,
                self.seed,
                native=not notes,
                notes=notes,
            )
            leave_record(study, record, first_trial=first)
        elif first <= runs[-1].get("first_trial", -1):
            amend_record(study, **{PRUNER: described(study.pruner)})

    def _declared(self, study: Study) -> Follower:
        if self._search.follower is None:
            assert self.space is not None
            read_point = partial(ledger.read_point, self.space)
            self._search.follower = self._follow(
                study, self.space, read_point, self._fresh_seed(self.seed), strict=True
            )
        return self._search.follower

    def _fresh_seed(self, seed: int | None) -> int | None:
        """The seed of a new engine: another one for a copy, which must not repeat the first.

        A walk through a grid keeps its order, and leaves out what is evaluated.
        """
        walks = self.adapter.algorithms[self.algorithm].exhaustive
        return seed if walks else self._lineage.seed(seed)

    def _follow(
        self, study: Study, space: Space, read_point: Any, seed: int | None, *, strict: bool
    ) -> Follower:
        maximize = study.direction == optuna.study.StudyDirection.MAXIMIZE
        engine = self.adapter.engine(
            self.algorithm, space, seed=seed, maximize=maximize, options=self.options
        )
        return Follower(engine, space, read_point, strict=strict)

    def _sample_learnt(
        self, study: Study, trial: FrozenTrial, search_space: Mapping[str, BaseDistribution]
    ) -> dict[str, Any]:
        known = {name: held for name, held in search_space.items() if LearntSpace.knows(held)}
        drawn: dict[str, Any] = {}
        if known:
            learnt, follower = self._search.learnt.follower(
                known, lambda learnt: self._follow_learnt(study, learnt)
            )
            engine = follower.engine
            given = begun(trial)
            if engine.distinct:
                self._turns.wait(study, trial)
            trials = _optuna.all_trials(study)
            engine.part = engine.part or any(
                name not in known and not held.single()
                for each in trials
                if not each.distributions.keys() <= known.keys()
                for name, held in each.distributions.items()
            )
            try:
                params = follower.propose(trials, trial.number)
            except (Exhausted, Busy):
                # Nobody has said that the trials so far are all there is.
                params = learnt.space.sample(self._rng(trial, *known))
            drawn = learnt.write(params)
            if engine.distinct:
                running = [
                    begun(each)
                    for each in trials
                    if each.state == TrialState.RUNNING and each.number != trial.number
                ]
                drawn = learnt.apart(drawn, given, running, self._rng(trial, *known))
                self._turns.give(study, trial, {**given, **drawn})
        for name, held in search_space.items():
            if name not in drawn:
                fallback = optuna.samplers.RandomSampler(seed=self._number(trial, name))
                drawn[name] = fallback.sample_independent(study, trial, name, held)
        return drawn

    def _follow_learnt(self, study: Study, learnt: LearntSpace) -> Follower:
        seed = None
        if self.seed is not None:
            seed = derived_seed(self.seed, *learnt.space)
        return self._follow(study, learnt.space, learnt.read, self._fresh_seed(seed), strict=False)

    def _stop(self, study: Study, trial: FrozenTrial) -> None:
        message = f"{self.why_it_ends} after {trial.number} trials, so the study stops here"
        _logger.warning(message)
        with suppress(RuntimeError):  # Outside optimize() there is no loop to stop.
            study.stop()
        raise SpaceExhausted(message)

    def _number(self, trial: FrozenTrial, *names: str) -> int | None:
        if self.seed is None:
            return None
        seed = self.seed if self._lineage.reseeded is None else self._lineage.seed(self.seed)
        return derived_seed(seed, trial.number, *names)

    def _rng(self, trial: FrozenTrial, *names: str) -> np.random.Generator:
        return np.random.default_rng(seed_in_32_bits(self._number(trial, *names)))


def _check_contained(name: str, value: Any, held: BaseDistribution) -> None:
    """Raise for a value that Optuna would silently draw again."""
    if not _optuna.contains(held, value):
        raise AssertionError(f"the engine proposed {name}={value!r}, outside {held}")
