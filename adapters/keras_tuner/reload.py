"""Reloads a project folder of Keras Tuner together with the study of its trials.

The process may have ended at any write, so the files of the trials, that of the oracle and the
study may disagree. A trial that has ended in one of them has ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import optuna
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState, create_trial

from crosstune import _optuna
from crosstune.adapters.keras_tuner.library import keras_tuner
from crosstune.adapters.keras_tuner.project import STATE
from crosstune.adapters.keras_tuner.trial_state import OTHER_VALUES, STATES, TRIAL_ID, reports_of
from crosstune.engines.record_names import ERROR, RUNS
from crosstune.errors import RequestError


class ReloadedOracle(keras_tuner.Oracle):  # type: ignore[misc]  # untyped
    """The part of a `LedgerOracle` that reloads a project."""

    study: Study
    _numbers: dict[str, int]
    _live: dict[str, Trial]

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Reload a project, with the study in its storage or one rebuilt from the project.

        Raises:
            RequestError: it does not fit the study, or another engine has used up `max_trials`.
        """
        super().set_state(state)
        for trial_id in [name for name in self.trials if name not in self.start_order]:
            del self.trials[trial_id]  # The process ended as the trial began.
        ours = state.get(STATE, {})
        in_study = _optuna.all_trials(self.study)
        if all(trial.state == TrialState.WAITING for trial in in_study):
            runs = ours.get("runs", [])
            self._rebuild()
        else:
            runs = self.study.user_attrs.get(RUNS, [])
            self._match(dict(ours.get("numbers", {})), in_study)
        self._drop_ended(state)
        self._continue(runs)

    def _drop_ended(self, state: Mapping[str, Any]) -> None:
        """Remove ended trials, and those that wait for a retry, from the running ones.

        A process may end between writing the files of a trial and of the oracle, and Keras Tuner
        would run the trial again.
        """
        for tuner_id, trial in list(self.ongoing_trials.items()):
            if trial.status in STATES and trial.trial_id not in self.end_order:
                self.end_order.append(trial.trial_id)
            waits = trial.status == "INVALID" and trial.trial_id in state["retry_queue"]
            if trial.status in STATES or waits:
                del self.ongoing_trials[tuner_id]

    def _rebuild(self) -> None:
        """Fill an empty study with the trials of the project folder."""
        self.study = self._open_study()
        sampler, self.study.sampler = self.study.sampler, optuna.samplers.RandomSampler()
        queued = _optuna.all_trials(self.study)
        if queued:
            raise RequestError(
                f"the study {self.study.study_name!r} has queued trials already, so the project "
                "cannot be put into it"
            )
        for trial_id in self.start_order:
            trial = self.trials[trial_id]
            if trial.status in STATES:
                self._numbers[trial_id] = len(_optuna.all_trials(self.study))
                self.study.add_trial(self._frozen(trial))
            else:
                self._restore(trial_id, self._begin(trial_id))
        self.study.sampler = sampler

    def _match(self, numbers: Mapping[str, int], in_study: list[FrozenTrial]) -> None:
        """Match the trials of the project folder with those of the study, and end both alike."""
        missing = [name for name in self.trials if not 0 <= numbers.get(name, -1) < len(in_study)]
        if missing:
            raise RequestError(
                f"the project's trial {missing[0]} is not in the study "
                f"{self.study.study_name!r}. Give the storage and study_name it was made with, or "
                "another project_name"
            )
        self._numbers = dict(numbers)
        for trial_id, number in numbers.items():
            trial = self.trials[trial_id]
            if in_study[number].state == TrialState.RUNNING:
                self._live[trial_id] = Trial(self.study, self._place(number)[1])
                if trial.status in STATES:  # the process ended between the folder and the study
                    self._close(trial)
            elif trial.status not in STATES:  # between the study and the folder
                _end_as(trial, in_study[number], self.objective)

    def _restore(self, trial_id: str, live: Trial) -> None:
        self._write(trial_id, self.trials[trial_id].hyperparameters)
        for step, value in reports_of(self.trials[trial_id]).items():
            live.report(value, step)

    def _frozen(self, trial: Any) -> FrozenTrial:
        """A finished trial of the project folder as one of the study."""
        laws, params, others = self._recorded(trial.hyperparameters)
        attrs: dict[str, Any] = {TRIAL_ID: trial.trial_id}
        if others:
            attrs[OTHER_VALUES] = others
        state = STATES[trial.status]
        if state == TrialState.FAIL and trial.message:
            attrs[ERROR] = trial.message.strip().splitlines()[-1]
        return create_trial(
            state=state,
            values=None if state == TrialState.FAIL else self._values(trial),
            params=params,
            distributions=laws,
            user_attrs=attrs,
            intermediate_values=reports_of(trial),
        )


def _end_as(trial: Any, frozen: FrozenTrial, objective: Any) -> None:
    """End a trial of the project folder like its trial in the study."""
    trial.status = next(name for name, state in STATES.items() if state == frozen.state)
    values = frozen.values or [None]
    trial.score, trial.best_step = values[0], frozen.last_step or 0
    if len(values) > 1:
        names = (part.name for part in objective.objectives)
        trial.score = objective.get_value(dict(zip(names, values, strict=True)))
