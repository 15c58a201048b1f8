"""A storage that forwards every call to another. Subclasses override single methods or `_call`."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Any

from optuna.distributions import BaseDistribution
from optuna.storages import BaseStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState


class ForwardingStorage(BaseStorage):
    """Forwards every call.

    Args:
        behind: the storage that answers.
    """

    def __init__(self, behind: BaseStorage):
        self._behind = behind

    def _call(self, name: str, *arguments: Any) -> Any:
        """The answer of the storage behind to one method."""
        return getattr(self._behind, name)(*arguments)

    def create_new_study(
        self, directions: Sequence[StudyDirection], study_name: str | None = None
    ) -> int:
        """As the storage behind."""
        answer: int = self._call("create_new_study", directions, study_name)
        return answer

    def delete_study(self, study_id: int) -> None:
        """As the storage behind."""
        self._call("delete_study", study_id)

    def set_study_user_attr(self, study_id: int, key: str, value: Any) -> None:
        """As the storage behind.

        Args:
            study_id: of the study.
            key, value: of the attribute, a value that JSON can express.
        """
        self._call("set_study_user_attr", study_id, key, value)

    def set_study_system_attr(self, study_id: int, key: str, value: Any) -> None:
        """As the storage behind.

        Args:
            study_id: of the study.
            key, value: of the attribute, a value that JSON can express.
        """
        self._call("set_study_system_attr", study_id, key, value)

    def get_study_id_from_name(self, study_name: str) -> int:
        """As the storage behind."""
        answer: int = self._call("get_study_id_from_name", study_name)
        return answer

    def get_study_name_from_id(self, study_id: int) -> str:
        """As the storage behind."""
        answer: str = self._call("get_study_name_from_id", study_id)
        return answer

    def get_study_directions(self, study_id: int) -> list[StudyDirection]:
        """As the storage behind."""
        answer: list[StudyDirection] = self._call("get_study_directions", study_id)
        return answer

    def get_study_user_attrs(self, study_id: int) -> dict[str, Any]:
        """As the storage behind."""
        answer: dict[str, Any] = self._call("get_study_user_attrs", study_id)
        return answer

    def get_study_system_attrs(self, study_id: int) -> dict[str, Any]:
        """As the storage behind."""
        answer: dict[str, Any] = self._call("get_study_system_attrs", study_id)
        return answer

    def get_all_studies(self) -> list[Any]:
        """As the storage behind."""
        answer: list[Any] = self._call("get_all_studies")
        return answer

    def create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> int:
        """As the storage behind."""
        answer: int = self._call("create_new_trial", study_id, template_trial)
        return answer

    def set_trial_param(
        self,
        trial_id: int,
        param_name: str,
        param_value_internal: float,
        distribution: BaseDistribution,
    ) -> None:
        """As the storage behind.

        Args:
            trial_id: of the trial.
            param_name: of a parameter that the trial does not have yet.
            param_value_internal: as `distribution.to_internal_repr` gives it.
            distribution: of the parameter.
        """
        self._call("set_trial_param", trial_id, param_name, param_value_internal, distribution)

    def get_trial_id_from_study_id_trial_number(self, study_id: int, trial_number: int) -> int:
        """As the storage behind."""
        answer: int = self._call("get_trial_id_from_study_id_trial_number", study_id, trial_number)
        return answer

    def set_trial_state_values(
        self, trial_id: int, state: TrialState, values: Sequence[float] | None = None
    ) -> bool:
        """As the storage behind.

        Args:
            trial_id: of the trial.
            state: the new state.
            values: one per objective, with `COMPLETE`; else None.
        """
        answer: bool = self._call("set_trial_state_values", trial_id, state, values)
        return answer

    def set_trial_intermediate_value(
        self, trial_id: int, step: int, intermediate_value: float
    ) -> None:
        """As the storage behind.

        Args:
            trial_id: of the trial.
            step: 0 or more.
            intermediate_value: reported at that step.
        """
        self._call("set_trial_intermediate_value", trial_id, step, intermediate_value)

    def set_trial_user_attr(self, trial_id: int, key: str, value: Any) -> None:
        """As the storage behind.

        Args:
            trial_id: of the trial.
            key, value: of the attribute, a value that JSON can express.
        """
        self._call("set_trial_user_attr", trial_id, key, value)

    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        """As the storage behind.

        Args:
            trial_id: of the trial.
            key, value: of the attribute, a value that JSON can express.
        """
        self._call("set_trial_system_attr", trial_id, key, value)

    def get_trial(self, trial_id: int) -> FrozenTrial:
        """As the storage behind."""
        answer: FrozenTrial = self._call("get_trial", trial_id)
        return answer

    def get_all_trials(
        self, study_id: int, deepcopy: bool = True, states: Container[TrialState] | None = None
    ) -> list[FrozenTrial]:
        """As the storage behind.

        Args:
            study_id: of the study.
            deepcopy: False returns trials that must not be changed.
            states: only trials in one of them; None for all.
        """
        answer: list[FrozenTrial] = self._call("get_all_trials", study_id, deepcopy, states)
        return answer
