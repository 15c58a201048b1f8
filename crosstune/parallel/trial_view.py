"""The study as the objective of one trial sees it, in any process."""

from __future__ import annotations

import copy
from collections.abc import Callable, Container
from typing import Any, NoReturn

from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.storages import BaseStorage
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from crosstune.engines.record_names import LEFT, QUESTIONS
from crosstune.errors import SpecError
from crosstune.objectives.questions import asks_of
from crosstune.parallel.task import TrialTask
from crosstune.resume.forwarding_storage import ForwardingStorage


class StoredSampler(BaseSampler):
    """Proposes nothing: every parameter of the trial is stored already."""

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """No parameters."""
        return {}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """No values.

        Args:
            study: not used.
            trial: not used.
            search_space: empty.
        """
        return {}

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> NoReturn:
        """Refuse.

        Args:
            study: of the trial.
            trial: the trial so far.
            param_name: of the parameter that is not stored.
            param_distribution: its distribution.

        Raises:
            SpecError: always.
        """
        names = ", ".join(trial.params) or "nothing"
        raise SpecError(
            f"the objective asks for {param_name!r}, and trial {trial.number} has {names}. With "
            "workers each parameter comes from the space of the spec, where it is active"
        )


class Window(ForwardingStorage):
    """The gate, or a proxy of it, restricted to what one task may see.

    Args:
        gate: the storage that answers.
        task: with the horizon, the trials that are shown.

    Attributes:
        on_left: asks the pruner, after a report of an earlier attempt that is taken over.
    """

    def __init__(self, gate: BaseStorage, task: TrialTask):
        super().__init__(gate)
        self._task = task
        self._left = task.left
        self._live: FrozenTrial | None = None
        """The copy that the live trial reads from: the first that it got."""
        self.on_left: Callable[[FrozenTrial], object] = lambda _: None

    def get_study_id_from_name(self, study_name: str) -> int:
        """The number of the run, for any name."""
        return self._task.run

    def get_study_name_from_id(self, study_id: int) -> str:
        """The name of the driver's study."""
        return self._task.study_name

    def get_trial(self, trial_id: int) -> FrozenTrial:
        """The trial of the task, or any other."""
        trial = super().get_trial(trial_id)
        if trial.number == self._task.number:
            attrs = dict(trial.system_attrs)
            left = attrs.pop(LEFT, {})  # which comes through JSON from another process
            trial.system_attrs = attrs
            if self._live is None:
                self._live = trial
                self._left = {**self._left, **{int(step): left[step] for step in left}}
        return trial

    def set_trial_intermediate_value(
        self, trial_id: int, step: int, intermediate_value: float
    ) -> None:
        """Store a report.

        An attempt whose first report is of a later step than that of an earlier attempt continued
        from a checkpoint. So it takes over the reports before, and the pruner is asked of them.
        """
        left, self._left = self._left, {}
        earlier = sorted(reported for reported in left if reported < step)
        note = super().get_trial(trial_id).user_attrs.get(QUESTIONS) if earlier else None
        asks = asks_of(note)
        for count, before in enumerate(earlier, start=1):
            super().set_trial_intermediate_value(trial_id, before, left[before])
            if self._live is not None:
                self._live.intermediate_values[before] = left[before]
            for _ in range(asks(count)):
                self.on_left(super().get_trial(trial_id))
        super().set_trial_intermediate_value(trial_id, step, intermediate_value)

    def get_all_trials(
        self, study_id: int, deepcopy: bool = True, states: Container[TrialState] | None = None
    ) -> list[FrozenTrial]:
        """The trials that the task may see, and its own."""
        trials = super().get_all_trials(study_id, False, states)
        horizon, number = self._task.horizon, self._task.number
        if horizon is not None:
            trials = [t for t in trials if t.number == number or horizon.shows(t.number)]
        return copy.deepcopy(trials) if deepcopy else trials
