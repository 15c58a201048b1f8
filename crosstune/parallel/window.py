"""The study as the objective of one trial sees it, in whatever process that runs."""

from __future__ import annotations

import copy
from collections.abc import Container
from typing import Any, NoReturn

from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.storages import BaseStorage
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from crosstune.errors import SpecError
from crosstune.parallel.task import Task
from crosstune.parallel.through import Through


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


class Window(Through):
    """The gate, or the proxy of one, as far as one task may see.

    Args:
        gate: what answers.
        task: says which trials are in sight.
    """

    def __init__(self, gate: BaseStorage, task: Task):
        super().__init__(gate)
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
        trials = super().get_all_trials(study_id, False, states)
        horizon, own = self._task.horizon, self._task.number
        if horizon is not None:
            trials = [t for t in trials if t.number == own or horizon.shows(t.number)]
        return copy.deepcopy(trials) if deepcopy else trials
