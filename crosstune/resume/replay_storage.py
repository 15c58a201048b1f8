"""A study as it was while its trials were made: a storage in front of the study's own.

A sampler that is asked again for the trials of a run has to see at each of them what it saw then:
the trials before it, the queue, and the study's attributes at that moment. So `ReplayStorage` shows
the ledger up to a trial, and a fresh trial in its place. What is written to a fresh trial is
compared with the ledger and is not written to it.

A trial in flight, of which the ledger has part of the parameters, reports and attributes, is such a
fresh trial too. It stands in the queue, so that `Study.optimize` takes it up, and what is written
to it reaches the ledger. Once it has ended, all calls go to the ledger.

In a run in order, which tells trial 3 when trial 3 + lag was asked for, several trials are fresh at
a time. They have been asked for again when the present is shown, and are told one after the other:
those that had ended as the ledger has them, and those in flight as they end now.

Several threads may call it: those of workers, and the driver's.
"""

from __future__ import annotations

import copy
from collections.abc import Container, Sequence
from typing import Any

from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial, TrialState

from crosstune import _optuna
from crosstune.engines.record_names import QUESTIONS
from crosstune.objectives.questions import asks_of
from crosstune.resume.fresh_trials import PROPOSED
from crosstune.resume.mismatch import Differs
from crosstune.resume.shown_moment import ShownMoment
from crosstune.resume.trial_origins import retrying


class ReplayStorage(ShownMoment):
    """The storage of a study that is resumed; see `ShownMoment` for its arguments."""

    # Of a trial.

    def create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> int:
        """The next trial of the replay, or a new one."""
        if self._is_live or study_id != self._study_id:
            return self.ledger.create_new_trial(study_id, template_trial)
        number = self.shown + len(self._fresh)
        self._put(number, TrialState.RUNNING)
        return _optuna.trial_id(self.recorded[number])

    def set_trial_param(
        self,
        trial_id: int,
        param_name: str,
        param_value_internal: float,
        distribution: BaseDistribution,
    ) -> None:
        """Compare a parameter with the ledger's, or write it if the ledger has none."""
        number = self._fresh.number(trial_id)
        if number is None:
            self.ledger.set_trial_param(trial_id, param_name, param_value_internal, distribution)
            return
        recorded, fresh = self.recorded[number], self._fresh[number]
        value = distribution.to_external_repr(param_value_internal)
        if param_name in recorded.params:
            expected = recorded.params[param_name]
            internal = recorded.distributions[param_name].to_internal_repr(expected)
            if internal != param_value_internal:
                raise Differs(number, param_name, value, expected)
        elif self._writes(number):
            self.ledger.set_trial_param(trial_id, param_name, param_value_internal, distribution)
        self._fresh.change(
            number,
            params={**fresh.params, param_name: value},
            distributions={**fresh.distributions, param_name: distribution},
        )

    def set_trial_state_values(
        self, trial_id: int, state: TrialState, values: Sequence[float] | None = None
    ) -> bool:
        """Begin or end a trial; during the replay an end shows the trial as the ledger has it."""
        number = self._fresh.number(trial_id)
        if number is None:
            return self.ledger.set_trial_state_values(trial_id, state, values)
        if state == TrialState.RUNNING:
            return self._begin(number)
        if not self._is_live:
            self.show(number)
            return True
        if self._writes(number):
            self.ledger.set_trial_state_values(trial_id, state, values)
        with self._lock:
            self._fresh.drop(number)
            self._end_if_done()
        return True

    def _begin(self, number: int) -> bool:
        if self._fresh[number].state != TrialState.WAITING:
            return False
        self._fresh.begin(number)
        self._reported.discard(number)
        if self._writes(number):
            for key, value in retrying(self._fresh[number]).items():
                self._write_attr(number, key, value)
        return True

    def set_trial_intermediate_value(
        self, trial_id: int, step: int, intermediate_value: float
    ) -> None:
        """Store a report.

        A retry whose first report is of a later step than that of the first attempt continued from
        a checkpoint. So it takes over the earlier reports, and the pruner is asked of them again.
        """
        number = self._fresh.number(trial_id)
        if number is None:
            self.ledger.set_trial_intermediate_value(trial_id, step, intermediate_value)
            return
        reports = self.recorded[number].intermediate_values
        if self._writes(number):
            if number not in self._reported:
                self._reported.add(number)
                asks = asks_of(self.recorded[number].user_attrs.get(QUESTIONS))
                earlier = sorted(reported for reported in reports if reported < step)
                for count, before in enumerate(earlier, start=1):
                    self._fresh.report(number, before, reports[before])
                    for _ in range(asks(count)):
                        self.on_report(self._fresh[number])
            if reports.get(step) != intermediate_value:
                self.ledger.set_trial_intermediate_value(trial_id, step, intermediate_value)
        self._fresh.report(number, step, intermediate_value)

    def set_trial_user_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Store an attribute; compare it if it is part of the sampler's proposal."""
        number = self._fresh.number(trial_id)
        if number is None:
            self.ledger.set_trial_user_attr(trial_id, key, value)
            return
        attrs = self.recorded[number].user_attrs
        if self._exact and key in PROPOSED and key in attrs and attrs[key] != value:
            raise Differs(number, key, value, attrs[key])
        self._write_attr(number, key, value)

    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Store an attribute that a sampler or a pruner gives a trial."""
        number = self._fresh.number(trial_id)
        if number is None:
            self.ledger.set_trial_system_attr(trial_id, key, value)
            return
        fresh = self._fresh[number]
        self._fresh.change(number, system_attrs={**fresh.system_attrs, key: value})
        if self._writes(number) and self.recorded[number].system_attrs.get(key) != value:
            self.ledger.set_trial_system_attr(trial_id, key, value)

    def get_trial(self, trial_id: int) -> FrozenTrial:
        """A trial; of a fresh one a copy that may be changed."""
        trial = self._fresh.copy_of(trial_id)
        return self.ledger.get_trial(trial_id) if trial is None else trial

    def get_trial_system_attrs(self, trial_id: int) -> dict[str, Any]:
        """The system attributes of a trial."""
        number = self._fresh.number(trial_id)
        if number is None:
            return self.ledger.get_trial_system_attrs(trial_id)
        return self._fresh[number].system_attrs

    def get_all_trials(
        self, study_id: int, deepcopy: bool = True, states: Container[TrialState] | None = None
    ) -> list[FrozenTrial]:
        """The trials of the moment that is shown."""
        if study_id != self._study_id or (self._is_live and not self._fresh):
            return self.ledger.get_all_trials(study_id, deepcopy, states)
        with self._lock:
            if self._is_live:
                trials = list(self.ledger.get_all_trials(study_id, deepcopy=False))
                for number, fresh in self._fresh.items():
                    trials[number] = fresh
            else:
                trials = [*self.recorded[: self.shown], *self._fresh.values()]
        if states is not None:
            trials = [trial for trial in trials if trial.state in states]
        return copy.deepcopy(trials) if deepcopy else trials

    def get_best_trial(self, study_id: int) -> FrozenTrial:
        """The best trial."""
        if self._is_live and not self._fresh:
            return self.ledger.get_best_trial(study_id)
        return super().get_best_trial(study_id)

    # Of a study.

    def set_study_user_attr(self, study_id: int, key: str, value: Any) -> None:
        """Store an attribute; ignored during the replay."""
        if self._is_live or study_id != self._study_id:
            self.ledger.set_study_user_attr(study_id, key, value)

    def set_study_system_attr(self, study_id: int, key: str, value: Any) -> None:
        """Store an attribute that a sampler gives a study."""
        if self._attrs is not None and study_id == self._study_id:
            self._attrs = {**self._attrs, key: value}
            if not self._is_live:
                return
            if self.ledger.get_study_system_attrs(study_id).get(key) == value:
                return
        self.ledger.set_study_system_attr(study_id, key, value)

    def get_study_system_attrs(self, study_id: int) -> dict[str, Any]:
        """The attributes that samplers gave a study."""
        if self._attrs is not None and study_id == self._study_id:
            return dict(self._attrs)
        return self.ledger.get_study_system_attrs(study_id)

    def remove_session(self) -> None:
        """Close what the ledger has open for this thread."""
        self.ledger.remove_session()
