"""A project folder of Keras Tuner's taken up again, in the study that holds its trials.

The process may have ended at any write, so the files of the trials, that of the oracle and the
study need not agree. A trial that ended in one of them has ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import optuna
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState, create_trial

from crosstune import _optuna
from crosstune.adapters.keras_tuner.kept_state import OTHER_VALUES, STATES, TRIAL_ID, reports_of
from crosstune.adapters.keras_tuner.library import keras_tuner
from crosstune.adapters.keras_tuner.project import STATE
from crosstune.engines.record_names import ERROR, RUNS
from crosstune.errors import RequestError


class ReloadedOracle(keras_tuner.Oracle):  # type: ignore[misc]  # untyped
    """The part of a `LedgerOracle` that takes a project up."""

    study: Study
    _numbers: dict[str, int]
    _live: dict[str, Trial]

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Take up a project: in a storage that has the study, or in a study built from it.

        Raises:
            RequestError: it does not fit the study, or another engine has used up `max_trials`.
        """
        super().set_state(state)
        for trial_id in [name for name in self.trials if name not in self.start_order]:
            del self.trials[trial_id]  # The process ended while it was begun.
        ours = state.get(STATE, {})
        known = _optuna.all_trials(self.study)
        if not any(trial.state != TrialState.WAITING for trial in known):
            runs = ours.get("runs", [])
            self._rebuild()
        else:
            runs = self.study.user_attrs.get(RUNS, [])
            self._find(dict(ours.get("numbers", {})), known)
        self._drop_what_ended(state)
        self._continue(runs)

    def _drop_what_ended(self, state: Mapping[str, Any]) -> None:
        """Take from the trials under way those that ended, and those that wait for a retry.

        A process may end between the files of a trial and of the oracle, and Keras Tuner would run
        the trial once more.
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
            kept = self.trials[trial_id]
            if kept.status in STATES:
                self._numbers[trial_id] = len(_optuna.all_trials(self.study))
                self.study.add_trial(self._frozen(kept))
            else:
                self._take_up(trial_id, self._begin(trial_id))
        self.study.sampler = sampler

    def _find(self, numbers: Mapping[str, int], known: list[FrozenTrial]) -> None:
        """Meet the trials of the project folder in a storage."""
        missing = [name for name in self.trials if not 0 <= numbers.get(name, -1) < len(known)]
        if missing:
            raise RequestError(
                f"the project's trial {missing[0]} is not in the study "
                f"{self.study.study_name!r}. Give the storage and study_name it was made with, or "
                "another project_name"
            )
        self._numbers = dict(numbers)
        for trial_id, number in numbers.items():
            if known[number].state == TrialState.RUNNING:
                kept = self.trials[trial_id]
                self._live[trial_id] = Trial(self.study, self._place(number)[1])
                if kept.status in STATES:  # the process ended between the folder and the study
                    self._close(kept)
            elif self.trials[trial_id].status not in STATES:  # between the study and the folder
                _end_as(self.trials[trial_id], known[number])

    def _take_up(self, trial_id: str, live: Trial) -> None:
        self._write(trial_id, self.trials[trial_id].hyperparameters)
        for step, value in reports_of(self.trials[trial_id]).items():
            live.report(value, step)

    def _frozen(self, kept: Any) -> FrozenTrial:
        """A finished trial of the project folder as one of the study."""
        laws, params, others = self._recorded(kept.hyperparameters)
        attrs: dict[str, Any] = {TRIAL_ID: kept.trial_id}
        if others:
            attrs[OTHER_VALUES] = others
        state = STATES[kept.status]
        if state == TrialState.FAIL and kept.message:
            attrs[ERROR] = kept.message.strip().splitlines()[-1]
        return create_trial(
            state=state,
            value=None if state == TrialState.FAIL else kept.score,
            params=params,
            distributions=laws,
            user_attrs=attrs,
            intermediate_values=reports_of(kept),
        )


def _end_as(kept: Any, trial: FrozenTrial) -> None:
    """End a trial of the project folder as the study has it."""
    kept.status = next(name for name, state in STATES.items() if state == trial.state)
    kept.score, kept.best_step = trial.value, trial.last_step or 0
