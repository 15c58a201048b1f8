"""The study as the objective of one trial sees it, in whatever process that runs."""

from __future__ import annotations

import copy
from collections.abc import Container, Sequence
from typing import Any, NoReturn

from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.storages import BaseStorage
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from crosstune.errors import SpecError
from crosstune.parallel.task import Task


class StoredSampler(BaseSampler):
    """Proposes nothing: every parameter of the trial is stored already."""

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Nothing."""
        return {}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Nothing."""
        return {}

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> NoReturn:
        """Refused.

        Raises:
            SpecError: always.
        """
        known = ", ".join(trial.params) or "nothing"
        raise SpecError(
            f"the objective asks for {param_name!r}, and trial {trial.number} has {known}. With "
            "workers each parameter comes from the space of the spec, where it is active"
        )


class Window(BaseStorage):
    """The gate, or the proxy of one, as far as one task may see.

    Args:
        gate: what answers.
        task: says which trials are in sight.
    """

    def __init__(self, gate: BaseStorage, task: Task):
        self._gate = gate
        self._task = task

    def get_study_id_from_name(self, study_name: str) -> int:
        """The number of the run, whatever its study is called."""
        return self._task.run

    def get_study_name_from_id(self, study_id: int) -> str:
        """The driver's."""
        return self._task.study_name

    def get_all_trials(
        self,
        study_id: int,
        deepcopy: bool = True,
        states: Container[TrialState] | None = None,
    ) -> list[FrozenTrial]:
        """The trials in sight, and the task's own."""
        trials = self._gate.get_all_trials(study_id, deepcopy=False, states=states)
        horizon, own = self._task.horizon, self._task.number
        if horizon is not None:
            trials = [t for t in trials if t.number == own or horizon.shows(t.number)]
        return copy.deepcopy(trials) if deepcopy else trials

    # All else is the gate's business.

    def create_new_study(
        self, directions: Sequence[StudyDirection], study_name: str | None = None
    ) -> int:
        """The gate refuses."""
        return self._gate.create_new_study(directions, study_name)

    def delete_study(self, study_id: int) -> None:
        """The gate refuses."""
        self._gate.delete_study(study_id)

    def set_study_user_attr(self, study_id: int, key: str, value: Any) -> None:
        """An attribute of the study."""
        self._gate.set_study_user_attr(study_id, key, value)

    def set_study_system_attr(self, study_id: int, key: str, value: Any) -> None:
        """The gate refuses."""
        self._gate.set_study_system_attr(study_id, key, value)

    def get_study_directions(self, study_id: int) -> list[StudyDirection]:
        """The study's."""
        return self._gate.get_study_directions(study_id)

    def get_study_user_attrs(self, study_id: int) -> dict[str, Any]:
        """The study's."""
        return self._gate.get_study_user_attrs(study_id)

    def get_study_system_attrs(self, study_id: int) -> dict[str, Any]:
        """The study's."""
        return self._gate.get_study_system_attrs(study_id)

    def get_all_studies(self) -> list[Any]:
        """None."""
        return self._gate.get_all_studies()

    def create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> int:
        """An attempt at the trial of a ticket."""
        return self._gate.create_new_trial(study_id, template_trial)

    def set_trial_param(
        self,
        trial_id: int,
        param_name: str,
        param_value_internal: float,
        distribution: BaseDistribution,
    ) -> None:
        """The gate refuses."""
        self._gate.set_trial_param(trial_id, param_name, param_value_internal, distribution)

    def set_trial_state_values(
        self, trial_id: int, state: TrialState, values: Sequence[float] | None = None
    ) -> bool:
        """The gate refuses."""
        return self._gate.set_trial_state_values(trial_id, state, values)

    def set_trial_intermediate_value(
        self, trial_id: int, step: int, intermediate_value: float
    ) -> None:
        """A report."""
        self._gate.set_trial_intermediate_value(trial_id, step, intermediate_value)

    def set_trial_user_attr(self, trial_id: int, key: str, value: Any) -> None:
        """An attribute of the trial."""
        self._gate.set_trial_user_attr(trial_id, key, value)

    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        """What a pruner keeps of the trial."""
        self._gate.set_trial_system_attr(trial_id, key, value)

    def get_trial_id_from_study_id_trial_number(self, study_id: int, trial_number: int) -> int:
        """The id under which a trial is listed."""
        return self._gate.get_trial_id_from_study_id_trial_number(study_id, trial_number)

    def get_trial(self, trial_id: int) -> FrozenTrial:
        """The trial."""
        return self._gate.get_trial(trial_id)
