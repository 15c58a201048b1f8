"""The search of a declared space with a scheduler in front of the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from optuna.distributions import BaseDistribution
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from crosstune import _optuna
from crosstune.engines import study_values as ledger
from crosstune.engines.base import Budget, Exhausted
from crosstune.engines.seeds import derived_seed
from crosstune.errors import SpecError, Unsupported
from crosstune.samplers.declared import DeclaredSearch
from crosstune.samplers.engine_source import EngineSource
from crosstune.samplers.reconcile import Follower
from crosstune.samplers.scheduled.configurations import Configuration, budget_of
from crosstune.samplers.scheduled.decisions import (
    Continuation,
    Decision,
    NewConfiguration,
    Pause,
    ScheduleOver,
)
from crosstune.samplers.scheduled.schedule import QUEUED, StudySchedule
from crosstune.samplers.scheduled.settings import Scheduler
from crosstune.space.space import Space


class ScheduledSearch(DeclaredSearch):
    """The search of one study, each of whose trials trains a configuration in part.

    The engine is asked for new configurations only. It sees a study of its own, in which each
    configuration is one trial; see `told.py`.

    Args:
        source: makes the engine.
        space: the declared space.
        scheduler: decides what is trained, and how far.
    """

    def __init__(self, source: EngineSource, space: Space, scheduler: Scheduler):
        super().__init__(source, space, whole=False)
        self.schedule = StudySchedule(source, scheduler)
        self._for = -1, -1
        """The trial and the number of configurations that a fresh engine was made for."""
        self._proposals = 0

    @property
    def why_it_ends(self) -> str:
        """A message for the end of the search."""
        return f"{self.schedule.label} has completed its schedule"

    @property
    def asked(self) -> int:
        """How many proposals were made."""
        return self._proposals

    def begin(self, study: Study, trial: FrozenTrial) -> None:
        """Set the budget of a trial that was queued, for which no engine is asked."""
        self.schedule.begin_queued(study, trial)

    def propose(
        self, study: Study, trial: FrozenTrial, search_space: Mapping[str, BaseDistribution]
    ) -> dict[str, Any]:
        """The parameters of a new or a continued configuration, as the ledger stores them.

        Args:
            study: of the trial.
            trial: the running trial that gets the proposal.
            search_space: the result of `distributions`.

        Raises:
            SpaceExhausted: nothing is left to train. `study.stop()` was called.
            Unsupported: a running trial has to end first.
        """
        self._proposals += 1
        if (planned := budget_of(trial)) is not None:  # it was queued, perhaps as a retry
            return self._of_queued(study, trial, search_space, planned)
        begun = self.schedule.begun(study, trial.number)
        match self._decision(study, begun, trial.number):
            case Continuation() as continuation:
                self.schedule.resume(study, trial, continuation)
                return dict(continuation.configuration.params)
            case NewConfiguration() as new:
                return self._new(study, trial, search_space, begun, new)
            case ScheduleOver():
                self._stop(study, trial)
        raise Unsupported(
            f"{self.schedule.label} has nothing to train until a running trial has ended. Tell its "
            "value first"
        )

    def lasts(self, study: Study) -> float:
        """0: the scheduler decides before each trial whether there is another."""
        return 0

    def has_point(self, study: Study) -> bool | None:
        """True if there is a trial to begin now; None if there is none, and none can come."""
        trials = _optuna.all_trials(study)
        if any(trial.state == TrialState.WAITING for trial in trials):
            return True
        number = len(trials)
        decision = self._decision(study, self.schedule.begun(study, number), number)
        if isinstance(decision, ScheduleOver):
            return None
        return not isinstance(decision, Pause)

    def _decision(self, study: Study, begun: Sequence[Configuration], number: int) -> Decision:
        return self.schedule.decision(begun, number, partial(self._has_new, study, begun, number))

    def _has_new(self, study: Study, begun: Sequence[Configuration], number: int) -> bool:
        """Whether the engine has a point for another configuration."""
        follower = self._prepared(study, begun, number)
        try:
            return follower.look_ahead(self.schedule.told(study, begun, number))
        except Exhausted:
            return False

    def _new(
        self,
        study: Study,
        trial: FrozenTrial,
        search_space: Mapping[str, BaseDistribution],
        begun: Sequence[Configuration],
        new: NewConfiguration,
    ) -> dict[str, Any]:
        """A point of the engine, with the budget of a new configuration."""
        follower = self._prepared(study, begun, trial.number)
        point = follower.propose(self.schedule.told(study, begun, trial.number), len(begun))
        self.schedule.begin(study, trial, new)
        params = ledger.write_point(self._space, point)
        for name, value in params.items():
            if not _optuna.contains(search_space[name], value):  # Optuna would draw it again
                raise AssertionError(
                    f"the engine proposed {name}={value!r}, outside {search_space[name]}"
                )
        return params

    def _of_queued(
        self,
        study: Study,
        trial: FrozenTrial,
        search_space: Mapping[str, BaseDistribution],
        planned: Budget,
    ) -> dict[str, Any]:
        """The parameters of a queued trial: the queued ones, and a point for what they leave out.

        A retry of a part that continued another one has all of them.
        """
        queued = {
            name: value
            for name, value in trial.system_attrs.get(QUEUED, {}).items()
            if name in search_space
        }
        if planned.resume_from is not None or self._is_whole(queued):
            return queued
        begun = self.schedule.begun(study, trial.number)
        new = NewConfiguration(planned.epochs, planned.bracket)
        return self._new(study, trial, search_space, begun, new)

    def freeze(self) -> dict[str, Any] | None:
        """The state of an engine that is not made again for each proposal."""
        if self.schedule.fresh or self.follower is None:
            return None
        return {**(super().freeze() or {}), "proposals": self._proposals}

    def thaw(self, study: Study, frozen: Mapping[str, Any]) -> None:
        """Restore a frozen search."""
        self._proposals = frozen["proposals"]
        super().thaw(study, {key: value for key, value in frozen.items() if key != "proposals"})

    def _prepared(self, study: Study, begun: Sequence[Configuration], number: int) -> Follower:
        """The engine for a proposal; a fresh one for each trial if it is told everything anew."""
        if not self.schedule.fresh:
            return self._follower(study)
        if self.follower is None or self._for != (number, len(begun)):
            seed = self._source.seed
            self.follower = self._source.follower(
                study,
                self._space,
                partial(ledger.read_point, self._space),
                None if seed is None else derived_seed(seed, number, "anew"),
                strict=True,
                whole=False,
            )
            self._for = number, len(begun)
        return self.follower

    def _is_whole(self, queued: Mapping[str, Any]) -> bool:
        """Whether queued parameters are all active ones of a point."""
        try:
            point = ledger.read_point(self._space, queued)
        except SpecError:
            return False
        return all(name in point for name in self._space if self._space.is_active(name, point))
