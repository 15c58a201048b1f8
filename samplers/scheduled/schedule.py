"""The schedule of one study: what its scheduler decides for each trial, written as its budget."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial

from crosstune import _optuna
from crosstune.engines.base import Budget
from crosstune.engines.record_names import TRIAL_BUDGET
from crosstune.engines.seeds import derived_seed
from crosstune.samplers.engine_source import EngineSource
from crosstune.samplers.scheduled.configurations import Configuration, budget_of, configurations
from crosstune.samplers.scheduled.deciding import begin, decide
from crosstune.samplers.scheduled.decisions import Continuation, Decision, NewConfiguration
from crosstune.samplers.scheduled.settings import COMMON, Scheduler
from crosstune.samplers.scheduled.told import as_trials

QUEUED = "fixed_params"
"""Optuna's attribute of a trial that was queued: its parameters."""


class StudySchedule:
    """The schedule of one study.

    Args:
        source: of the engine.
        scheduler: decides.

    Attributes:
        scheduler: whose limit may change while the study runs.
        fresh: whether the engine is made again for each proposal, and told everything.
    """

    def __init__(self, source: EngineSource, scheduler: Scheduler):
        self._source = source
        self.scheduler = scheduler
        algorithm = source.algorithm
        changes = scheduler.told != COMMON or algorithm.reads_curves
        anew = changes if scheduler.anew is None else scheduler.anew
        self.fresh = anew and not (algorithm.keeps_state or algorithm.exhaustive)
        self._last: tuple[Any, Decision] | None = None
        """The last decision, and what it was made from."""

    @property
    def label(self) -> str:
        """Engine and scheduler, for messages."""
        return f"{self._source.label} with {self.scheduler.name}"

    def begun(self, study: Study, number: int) -> list[Configuration]:
        """The configurations, without the trial of this number."""
        return configurations(
            (trial for trial in _optuna.all_trials(study) if trial.number != number),
            maximize=_maximizes(study),
            max_epochs=self.scheduler.max_epochs,
        )

    def decision(
        self, begun: Sequence[Configuration], number: int, has_new: Callable[[], bool]
    ) -> Decision:
        """What to train next.

        Args:
            begun: the configurations.
            number: of the trial that trains it.
            has_new: whether the engine has a point left. Without one, the configurations are
                limited to those that have begun.
        """
        key = (number, self.scheduler.limits, [(c.last, c.state) for c in begun])
        if self._last is not None and self._last[0] == key:
            return self._last[1]
        decision = decide(begun, self.scheduler, self.scheduler.limit(number))
        if isinstance(decision, NewConfiguration) and not has_new():
            decision = decide(begun, self.scheduler, len(begun))
        self._last = key, decision
        return decision

    def told(self, study: Study, begun: Sequence[Configuration], number: int) -> list[FrozenTrial]:
        """What the engine is told, as one trial for each configuration.

        Args:
            study: of the configurations.
            begun: the configurations.
            number: of the trial that gets the proposal.
        """
        seed = None if self._source.seed is None else derived_seed(self._source.seed, number)
        return as_trials(begun, self.scheduler, maximize=_maximizes(study), seed=seed)

    def begin_queued(self, study: Study, trial: FrozenTrial) -> None:
        """Set the budget of a trial that was queued, for which no engine is asked."""
        if TRIAL_BUDGET in trial.user_attrs or not trial.system_attrs.get(QUEUED):
            return
        self.begin(study, trial, begin(self.begun(study, trial.number), self.scheduler))

    def begin(self, study: Study, trial: FrozenTrial, new: NewConfiguration) -> None:
        """Set the budget of the first part of a configuration.

        Args:
            study: of the trial.
            trial: running.
            new: the decision.
        """
        most = self.scheduler.max_epochs
        self._set(study, trial, Budget(new.epochs, bracket=new.bracket, max_epochs=most))

    def resume(self, study: Study, trial: FrozenTrial, continuation: Continuation) -> None:
        """Set the budget of a trial that continues a configuration.

        Args:
            study: of the trial.
            trial: running.
            continuation: the decision.
        """
        configuration = continuation.configuration
        planned = budget_of(configuration.parts[-1])
        budget = Budget(
            continuation.epochs,
            initial_epoch=configuration.epochs,
            resume_from=configuration.last,
            bracket=configuration.bracket,
            round=1 if planned is None else planned.round + 1,
            max_epochs=self.scheduler.max_epochs,
        )
        self._set(study, trial, budget)

    def _set(self, study: Study, trial: FrozenTrial, planned: Budget) -> None:
        if trial.user_attrs.get(TRIAL_BUDGET) != planned.plain():
            _optuna.set_user_attr(study, trial, TRIAL_BUDGET, planned.plain())


def _maximizes(study: Study) -> bool:
    return bool(study.direction == StudyDirection.MAXIMIZE)
