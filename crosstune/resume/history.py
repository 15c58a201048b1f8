"""A study as it was while its trials were made: a storage in front of the study's own.

A sampler that is asked again for the trials of a run has to see at each of them what it saw then:
the trials before, the queue, and the study's attributes of that moment. So `History` shows the
ledger up to a trial, and a fresh one in its place. What is written to a fresh trial is compared
with what the ledger has, and goes no further.

The trial in flight, which the ledger holds with part of its parameters, reports and attributes, is
such a fresh trial too. It stands in the queue, so that `Study.optimize` takes it up, and what is
written to it reaches the ledger. Once it has ended, everything goes to the ledger and comes from
there.

Of a run in order, which tells trial 3 when trial 3 + lag was asked for, several trials are fresh at
a time. They have been asked for again when the present is shown, and are told one after the other:
those that the ledger has the end of as it was, and those in flight as they end now.

Several threads may call it: those of workers, and the driver's.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any

from optuna.distributions import BaseDistribution
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial, TrialState

from crosstune import _optuna
from crosstune.checkpoints.record import reached
from crosstune.engines.record_names import DRAWN, QUESTIONS, RETRIED, RETRIED_FROM, TRIAL_BUDGET
from crosstune.objectives.questions import asks_of
from crosstune.resume.forwarding_storage import Through
from crosstune.resume.mismatch import Differs

FIXED = "fixed_params"
"""Under this key Optuna keeps the values of a queued trial, among its system attributes."""

_PROPOSED = (TRIAL_BUDGET, DRAWN)
"""The attributes that the sampler gives a trial."""


class History(Through):
    """The storage of a study that is resumed.

    Args:
        ledger: the study's own storage.
        study_id: in it.
        shown: how many trials are shown as they are.
        system_attrs: those of the study at that moment.
    """

    def __init__(
        self, ledger: BaseStorage, study_id: int, shown: int, system_attrs: Mapping[str, Any]
    ):
        super().__init__(ledger)
        self.ledger = ledger
        self.shown = shown
        self.kept = [
            copy.deepcopy(trial) if trial.state == TrialState.RUNNING else trial
            for trial in ledger.get_all_trials(study_id, deepcopy=False)
        ]
        """The trials as the ledger has them; of one in flight what its first attempt left."""
        self.on_report: Callable[[FrozenTrial], object] = lambda _: None
        """Asks the pruner, after a report of the first attempt that is taken over."""
        self._study_id = study_id
        self._attrs: dict[str, Any] | None = dict(system_attrs)
        """Those of the study while the past is shown; None: those of the ledger."""
        self._fresh: dict[int, FrozenTrial] = {}
        self._ids: dict[int, int] = {}
        """From the id of a fresh trial to its number."""
        self._handed: dict[int, FrozenTrial] = {}
        """What live trials read from."""
        self._reported: set[int] = set()
        """The trials that have reported since they run again."""
        self._exact = True
        """Whether what a sampler says of its proposal is compared with what the ledger has."""
        self._through = False
        """Whether what is written reaches the ledger."""
        self._lock = threading.RLock()

    # What replay and resuming do with it.

    def queue(self, number: int) -> None:
        """Queue a trial that the ledger has as a queued one, and those queued next to it."""
        for kept in self.kept[number:]:
            if kept.number in self._fresh or not is_queued(kept):
                return
            self._put(kept.number, TrialState.WAITING)

    def await_next(self) -> FrozenTrial | None:
        """Make ready for asking for the next trial again, while others may not be told yet.

        Returns:
            What the ledger has of it; None where it was never begun.
        """
        begun = [each for each in self._fresh.values() if each.state != TrialState.WAITING]
        number = self.shown + len(begun)
        while number < len(self.kept) and was_added(self.kept[number]):
            self._fresh[number] = self.kept[number]
            number += 1
        if number >= len(self.kept) or self.kept[number].state == TrialState.WAITING:
            return None
        self.queue(number)
        return self.kept[number]

    def show(self, number: int) -> None:
        """Show a trial as the ledger has it, and those before it."""
        with self._lock:
            for each in [each for each in self._fresh if each <= number]:
                self._drop(each)
            self.shown = number + 1

    def left(self, number: int) -> dict[int, float]:
        """What the first attempt reported of a trial that was in flight."""
        with self._lock:
            retried = number in self._fresh and not self._is_over(number)
            return dict(self.kept[number].intermediate_values) if retried else {}

    def system_attrs(self) -> dict[str, Any]:
        """Those of the study at the moment that is shown."""
        return self.get_study_system_attrs(self._study_id)

    def go_live(self, retried: Sequence[int], *, fixed: bool = False) -> None:
        """Show the present, with trials to be run again at the head of the queue.

        Args:
            retried: their numbers.
            fixed: give them the parameters that the ledger has; else the sampler is asked for
                them again.
        """
        self._fresh.clear()
        self._ids.clear()
        self._through = True
        self._exact = not fixed
        if fixed:
            self._attrs = None
        for number in retried:
            self._put(number, TrialState.WAITING)
        if not retried:
            self._go_past()

    def go_on(self) -> None:
        """Show the present, but for the trials that were asked for again and are not told yet.

        What their sampler says of those in flight, and was not written before, is written now.
        """
        with self._lock:
            self._through = True
            for number, fresh in list(self._fresh.items()):
                if fresh.state != TrialState.RUNNING:
                    self._drop(number)  # queued or added: the ledger shows it
                elif not self._is_over(number):
                    self._complete(number, fresh)
            held = self.ledger.get_study_system_attrs(self._study_id)
            for key, value in (self._attrs or {}).items():
                if key not in held or held[key] != value:
                    self.ledger.set_study_system_attr(self._study_id, key, value)
            if not self._fresh:
                self._go_past()

    def forgive(self) -> None:
        """Note that trials that run again were stopped on purpose, which is no second kill."""
        with self._lock:
            for number, fresh in list(self._fresh.items()):
                if self._writes(number) and fresh.user_attrs.get(RETRIED):
                    self._write_attr(number, RETRIED, False)

    def _complete(self, number: int, fresh: FrozenTrial) -> None:
        """Write to the ledger what it lacks of a trial in flight that was asked for again."""
        trial_id, kept = _optuna.trial_id(fresh), self.kept[number]
        for name, held in fresh.distributions.items():
            if name not in kept.params:
                internal = held.to_internal_repr(fresh.params[name])
                self.ledger.set_trial_param(trial_id, name, internal, held)
        for key, value in fresh.user_attrs.items():
            self._write_attr(number, key, value)
        for key, value in fresh.system_attrs.items():
            self.set_trial_system_attr(trial_id, key, value)

    def _is_over(self, number: int) -> bool:
        """Whether the ledger had the end of a fresh trial already."""
        return self.kept[number].state.is_finished()

    def _writes(self, number: int) -> bool:
        """Whether what is written to a fresh trial reaches the ledger."""
        return self._through and not self._is_over(number)

    def _drop(self, number: int) -> None:
        """Let a trial be what the ledger says that it is."""
        self._ids.pop(_optuna.trial_id(self._fresh.pop(number)), None)

    def _put(self, number: int, state: TrialState) -> None:
        kept = self.kept[number]
        held = kept.system_attrs.get(FIXED)
        attrs = dict(kept.user_attrs)
        if not self._exact and kept.params:
            held = {**(held or {}), **kept.params}
        else:
            attrs = {key: value for key, value in attrs.items() if key not in _PROPOSED}
        self._fresh[number] = FrozenTrial(
            number=number,
            trial_id=_optuna.trial_id(kept),
            state=state,
            value=None,
            datetime_start=kept.datetime_start,
            datetime_complete=None,
            params={},
            distributions={},
            user_attrs=attrs,
            system_attrs={} if held is None else {FIXED: held},
            intermediate_values={},
        )
        self._ids[_optuna.trial_id(kept)] = number

    def _go_past(self) -> None:
        """Nothing is fresh any more."""
        self._attrs = None
        self.kept = []

    def _change(self, number: int, **changed: Any) -> None:
        """Replace a fresh trial, since what was handed out is not to change."""
        with self._lock:
            trial = copy.copy(self._fresh[number])
            for name, value in changed.items():
                setattr(trial, name, value)
            self._fresh[number] = trial

    # Of a trial.

    def create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> int:
        """The next trial of the past, or a new one."""
        if self._through or study_id != self._study_id:
            return self.ledger.create_new_trial(study_id, template_trial)
        number = self.shown + len(self._fresh)
        self._put(number, TrialState.RUNNING)
        return _optuna.trial_id(self.kept[number])

    def set_trial_param(
        self,
        trial_id: int,
        param_name: str,
        param_value_internal: float,
        distribution: BaseDistribution,
    ) -> None:
        """Compare a parameter with the ledger's; write it where that has none."""
        number = self._ids.get(trial_id)
        if number is None:
            self.ledger.set_trial_param(trial_id, param_name, param_value_internal, distribution)
            return
        kept, fresh = self.kept[number], self._fresh[number]
        value = distribution.to_external_repr(param_value_internal)
        if param_name in kept.params:
            held = kept.distributions[param_name].to_internal_repr(kept.params[param_name])
            if held != param_value_internal:
                raise Differs(number, param_name, value, kept.params[param_name])
        elif self._writes(number):
            self.ledger.set_trial_param(trial_id, param_name, param_value_internal, distribution)
        self._change(
            number,
            params={**fresh.params, param_name: value},
            distributions={**fresh.distributions, param_name: distribution},
        )

    def set_trial_state_values(
        self, trial_id: int, state: TrialState, values: Sequence[float] | None = None
    ) -> bool:
        """Begin or end a trial; an end is compared with the ledger's."""
        number = self._ids.get(trial_id)
        if number is None:
            return self.ledger.set_trial_state_values(trial_id, state, values)
        if state == TrialState.RUNNING:
            return self._begin(number)
        if not self._through:
            self.show(number)
            return True
        if self._writes(number):
            self.ledger.set_trial_state_values(trial_id, state, values)
        with self._lock:
            self._drop(number)
            if not self._fresh:
                self._go_past()
        return True

    def _begin(self, number: int) -> bool:
        if self._fresh[number].state != TrialState.WAITING:
            return False
        self._change(number, state=TrialState.RUNNING)
        self._handed.pop(number, None)
        self._reported.discard(number)
        if self._writes(number):
            for key, value in retrying(self._fresh[number]).items():
                self._write_attr(number, key, value)
        return True

    def set_trial_intermediate_value(
        self, trial_id: int, step: int, intermediate_value: float
    ) -> None:
        """Keep a report.

        A retry whose first report is of a later step than that of the first attempt went on from
        a checkpoint. So it has the earlier reports too, of which the pruner is asked as it was.
        """
        number = self._ids.get(trial_id)
        if number is None:
            self.ledger.set_trial_intermediate_value(trial_id, step, intermediate_value)
            return
        kept = self.kept[number].intermediate_values
        if self._writes(number):
            if number not in self._reported:
                self._reported.add(number)
                asks = asks_of(self.kept[number].user_attrs.get(QUESTIONS))
                earlier = sorted(held for held in kept if held < step)
                for count, before in enumerate(earlier, start=1):
                    self._report(number, before, kept[before])
                    for _ in range(asks(count)):
                        self.on_report(self._fresh[number])
            if kept.get(step) != intermediate_value:
                self.ledger.set_trial_intermediate_value(trial_id, step, intermediate_value)
        self._report(number, step, intermediate_value)

    def _report(self, number: int, step: int, value: float) -> None:
        reports = {**self._fresh[number].intermediate_values, step: value}
        self._change(number, intermediate_values=reports)
        if number in self._handed:
            self._handed[number].intermediate_values[step] = value

    def set_trial_user_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Keep an attribute; compare what the sampler says of its proposal."""
        number = self._ids.get(trial_id)
        if number is None:
            self.ledger.set_trial_user_attr(trial_id, key, value)
            return
        attrs = self.kept[number].user_attrs
        if self._exact and key in _PROPOSED and key in attrs and attrs[key] != value:
            raise Differs(number, key, value, attrs[key])
        self._write_attr(number, key, value)

    def _write_attr(self, number: int, key: str, value: Any) -> None:
        fresh = self._fresh[number]
        self._change(number, user_attrs={**fresh.user_attrs, key: value})
        attrs = self.kept[number].user_attrs
        if self._writes(number) and not (key in attrs and attrs[key] == value):
            self.ledger.set_trial_user_attr(_optuna.trial_id(fresh), key, value)
            attrs[key] = value

    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Keep what a sampler or a pruner remembers of a trial."""
        number = self._ids.get(trial_id)
        if number is None:
            self.ledger.set_trial_system_attr(trial_id, key, value)
            return
        fresh = self._fresh[number]
        self._change(number, system_attrs={**fresh.system_attrs, key: value})
        if self._writes(number) and self.kept[number].system_attrs.get(key) != value:
            self.ledger.set_trial_system_attr(trial_id, key, value)

    def get_trial(self, trial_id: int) -> FrozenTrial:
        """A trial; of a fresh one a copy that may be changed."""
        with self._lock:
            number = self._ids.get(trial_id)
            fresh = None if number is None else self._fresh[number]
        if number is None or fresh is None:
            return self.ledger.get_trial(trial_id)
        trial = copy.copy(fresh)
        for name in ("params", "distributions", "user_attrs", "system_attrs"):
            setattr(trial, name, dict(getattr(trial, name)))
        trial.intermediate_values = dict(trial.intermediate_values)
        if trial.state == TrialState.RUNNING:
            self._handed.setdefault(number, trial)  # the first is what `optuna.Trial` reads from
        return trial

    def get_trial_system_attrs(self, trial_id: int) -> dict[str, Any]:
        """The system attributes of a trial."""
        number = self._ids.get(trial_id)
        if number is None:
            return self.ledger.get_trial_system_attrs(trial_id)
        return self._fresh[number].system_attrs

    def get_all_trials(
        self,
        study_id: int,
        deepcopy: bool = True,
        states: Container[TrialState] | None = None,
    ) -> list[FrozenTrial]:
        """The trials of the moment that is shown."""
        if study_id != self._study_id or (self._through and not self._fresh):
            return self.ledger.get_all_trials(study_id, deepcopy, states)
        with self._lock:
            if self._through:
                trials = list(self.ledger.get_all_trials(study_id, deepcopy=False))
                for number, fresh in self._fresh.items():
                    trials[number] = fresh
            else:
                trials = [*self.kept[: self.shown], *self._fresh.values()]
        if states is not None:
            trials = [trial for trial in trials if trial.state in states]
        return copy.deepcopy(trials) if deepcopy else trials

    def get_n_trials(
        self, study_id: int, state: tuple[TrialState, ...] | TrialState | None = None
    ) -> int:
        """How many trials there are."""
        states = (state,) if isinstance(state, TrialState) else state
        return len(self.get_all_trials(study_id, deepcopy=False, states=states))

    def get_best_trial(self, study_id: int) -> FrozenTrial:
        """The best trial."""
        if self._through and not self._fresh:
            return self.ledger.get_best_trial(study_id)
        return super().get_best_trial(study_id)

    # Of a study.

    def set_study_user_attr(self, study_id: int, key: str, value: Any) -> None:
        """Keep an attribute, once the past is over."""
        if self._through or study_id != self._study_id:
            self.ledger.set_study_user_attr(study_id, key, value)

    def set_study_system_attr(self, study_id: int, key: str, value: Any) -> None:
        """Keep what a sampler remembers of a study."""
        if self._attrs is not None and study_id == self._study_id:
            self._attrs = {**self._attrs, key: value}
            if not self._through:
                return
            if self.ledger.get_study_system_attrs(study_id).get(key) == value:
                return
        self.ledger.set_study_system_attr(study_id, key, value)

    def get_study_system_attrs(self, study_id: int) -> dict[str, Any]:
        """What samplers remember of a study."""
        if self._attrs is not None and study_id == self._study_id:
            return dict(self._attrs)
        return self.ledger.get_study_system_attrs(study_id)

    def remove_session(self) -> None:
        """Give back what the ledger holds for this thread."""
        self.ledger.remove_session()


def retrying(trial: FrozenTrial) -> dict[str, Any]:
    """The attributes of a trial that begins to run again."""
    step = reached(trial)
    return {RETRIED: True} | ({RETRIED_FROM: step} if step >= 0 else {})


def was_stuck(trial: FrozenTrial) -> bool:
    """Whether a trial ran again and its checkpoint has not advanced since it began to."""
    if not trial.user_attrs.get(RETRIED):
        return False
    return reached(trial) <= int(trial.user_attrs.get(RETRIED_FROM, -1))


def is_queued(trial: FrozenTrial) -> bool:
    """Whether a trial was queued before it was run."""
    return FIXED in trial.system_attrs


def was_added(trial: FrozenTrial) -> bool:
    """Whether a trial was added to the study when it was over, so that nobody was asked for it.

    Optuna gives such a trial one time for its beginning and its end. A database that keeps whole
    seconds may give that to any.
    """
    return (
        trial.datetime_complete is not None
        and trial.datetime_start == trial.datetime_complete
        and trial.datetime_complete.microsecond != 0
    )
