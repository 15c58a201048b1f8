"""The search of a space that is learnt from the trials, with a scheduler in front of the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, NoReturn

from optuna.distributions import BaseDistribution
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from crosstune import _optuna
from crosstune.errors import Unsupported
from crosstune.samplers.declared import SpaceExhausted
from crosstune.samplers.engine_source import EngineSource
from crosstune.samplers.learned import LearnedSearch
from crosstune.samplers.scheduled.configurations import budget_of
from crosstune.samplers.scheduled.decisions import (
    Continuation,
    NewConfiguration,
    Pause,
    ScheduleOver,
)
from crosstune.samplers.scheduled.schedule import StudySchedule
from crosstune.samplers.scheduled.settings import Scheduler


class ScheduledLearnedSearch(LearnedSearch):
    """The search of one study, each of whose trials trains a configuration in part.

    The budget is set when a trial begins, since its parameters are asked for one after the other.

    Args:
        source: makes the engines.
        scheduler: decides what is trained, and how far.
    """

    def __init__(self, source: EngineSource, scheduler: Scheduler):
        super().__init__(source, whole=False)
        self.schedule = StudySchedule(source, scheduler)
        self._continued: FrozenTrial | None = None
        """The part before the one that begins now."""
        self._for = -1
        """The trial that fresh engines were made for."""

    def begin(self, study: Study, trial: FrozenTrial) -> None:
        """Decide what a trial trains, and set its budget."""
        self._continued = None
        self.schedule.begin_queued(study, trial)
        if budget_of(trial) is not None:  # it was queued, perhaps as a retry
            return
        begun = self.schedule.begun(study, trial.number)
        match self.schedule.decision(begun, trial.number, _always):
            case Continuation() as continuation:
                self.schedule.resume(study, trial, continuation)
                self._continued = continuation.configuration.parts[-1]
            case NewConfiguration() as new:
                self.schedule.begin(study, trial, new)

    def distributions(self, study: Study) -> dict[str, BaseDistribution]:
        """Those of the configuration that is continued, or those that all trials so far share."""
        if self._continued is None:
            return super().distributions(study)
        return {
            name: one for name, one in self._continued.distributions.items() if not one.single()
        }

    def propose(
        self, study: Study, trial: FrozenTrial, search_space: Mapping[str, BaseDistribution]
    ) -> dict[str, Any]:
        """The parameters of a new or a continued configuration, as the ledger stores them.

        Args:
            study: of the trial.
            trial: a running one.
            search_space: distributions by name.

        Raises:
            SpaceExhausted: nothing is left to train. `study.stop()` was called.
            Unsupported: a running trial has to end first.
        """
        planned = budget_of(trial)
        if planned is None:
            self._refuse(study, trial)
        if planned.resume_from is not None:
            earlier = _optuna.all_trials(study)[planned.resume_from].params
            if search_space.keys() <= earlier.keys():
                return {name: earlier[name] for name in search_space}
        return super().propose(study, trial, search_space)

    def has_point(self, study: Study) -> bool | None:
        """True if there is a trial to begin now; None if there is none, and none can come."""
        trials = _optuna.all_trials(study)
        if any(trial.state == TrialState.WAITING for trial in trials):
            return True
        number = len(trials)
        decision = self.schedule.decision(self.schedule.begun(study, number), number, _always)
        if isinstance(decision, ScheduleOver):
            return None
        return not isinstance(decision, Pause)

    def _history(self, study: Study, trial: FrozenTrial) -> tuple[Sequence[FrozenTrial], int]:
        """One trial for each configuration. Engines that are told all anew are made again."""
        if self.schedule.fresh and self._for != trial.number:
            self._for = trial.number
            self._followers.clear()
        begun = self.schedule.begun(study, trial.number)
        return self.schedule.told(study, begun, trial.number), len(begun)

    def _refuse(self, study: Study, trial: FrozenTrial) -> NoReturn:
        """End a trial for which there is nothing to train."""
        if self.has_point(study) is not None:
            raise Unsupported(
                f"{self.schedule.label} has nothing to train until a running trial has ended. Tell "
                "its value first"
            )
        with suppress(RuntimeError):  # Outside optimize() there is no loop to stop.
            study.stop()
        raise SpaceExhausted(f"{self.schedule.label} has completed its schedule")


def _always() -> bool:
    return True
