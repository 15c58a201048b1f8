"""The moment of a study that is resumed: the trials that are shown, and the fresh ones.

See `crosstune.resume.replay_storage`, whose storage reads and writes them.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial, TrialState

from crosstune import _optuna
from crosstune.engines.record_names import RETRIED
from crosstune.resume.forwarding_storage import ForwardingStorage
from crosstune.resume.fresh_trials import FreshTrials, fresh_trial
from crosstune.resume.trial_origins import is_queued, was_added


class ShownMoment(ForwardingStorage):
    """A storage in front of a ledger that shows one moment of the study.

    Args:
        ledger: the study's own storage.
        study_id: in it.
        shown: the number of trials that are shown as they are.
        system_attrs: those of the study at that moment.
    """

    def __init__(
        self, ledger: BaseStorage, study_id: int, shown: int, system_attrs: Mapping[str, Any]
    ):
        super().__init__(ledger)
        self.ledger = ledger
        self.shown = shown
        self.recorded = [
            copy.deepcopy(trial) if trial.state == TrialState.RUNNING else trial
            for trial in ledger.get_all_trials(study_id, deepcopy=False)
        ]
        """The trials in the ledger; of one in flight what its first attempt left."""
        self.on_report: Callable[[FrozenTrial], object] = lambda _: None
        """Asks the pruner, after a report of the first attempt that is taken over."""
        self._study_id = study_id
        self._attrs: dict[str, Any] | None = dict(system_attrs)
        """Those of the study during the replay; None: those of the ledger."""
        self._lock = threading.RLock()
        self._fresh = FreshTrials(self._lock)
        self._reported: set[int] = set()
        """The trials that have reported since they run again."""
        self._exact = True
        """True while the attributes of a sampler's proposal are compared with the ledger's."""
        self._is_live = False
        """True once writes reach the ledger."""

    def queue(self, number: int) -> None:
        """Queue a trial that the ledger has as a queued one, and those queued next to it."""
        for trial in self.recorded[number:]:
            if trial.number in self._fresh or not is_queued(trial):
                return
            self._put(trial.number, TrialState.WAITING)

    def await_next(self) -> FrozenTrial | None:
        """Prepare to ask for the next trial again, while earlier ones may not be told yet.

        Returns:
            The trial in the ledger; None if it was never begun.
        """
        begun = [trial for trial in self._fresh.values() if trial.state != TrialState.WAITING]
        number = self.shown + len(begun)
        while number < len(self.recorded) and was_added(self.recorded[number]):
            self._fresh.put(self.recorded[number])
            number += 1
        if number >= len(self.recorded) or self.recorded[number].state == TrialState.WAITING:
            return None
        self.queue(number)
        return self.recorded[number]

    def show(self, number: int) -> None:
        """Show a trial as the ledger has it, and those before it."""
        with self._lock:
            for earlier in [fresh for fresh in self._fresh if fresh <= number]:
                self._fresh.drop(earlier)
            self.shown = number + 1

    def left(self, number: int) -> dict[int, float]:
        """The reports by step that the first attempt left of a trial that was in flight."""
        with self._lock:
            retried = number in self._fresh and not self._is_over(number)
            return dict(self.recorded[number].intermediate_values) if retried else {}

    def system_attrs(self) -> dict[str, Any]:
        """The study's system attributes at the moment that is shown."""
        return self.get_study_system_attrs(self._study_id)

    def go_live(self, retried: Sequence[int], *, fixed: bool = False) -> None:
        """Show the present, with trials to be run again at the head of the queue.

        Args:
            retried: their numbers.
            fixed: give them the parameters that the ledger has; else the sampler is asked for
                them again.
        """
        self._fresh.clear()
        self._is_live = True
        self._exact = not fixed
        if fixed:
            self._attrs = None
        for number in retried:
            self._put(number, TrialState.WAITING)
        self._end_if_done()

    def go_on(self) -> None:
        """Show the present, except for the trials that were asked for again and are not told yet.

        Of the trials in flight, what their sampler noted now and had not been written is written.
        """
        with self._lock:
            self._is_live = True
            for number, fresh in list(self._fresh.items()):
                if fresh.state != TrialState.RUNNING:
                    self._fresh.drop(number)  # queued or added: the ledger shows it
                elif not self._is_over(number):
                    self._complete(number, fresh)
            written = self.ledger.get_study_system_attrs(self._study_id)
            for key, value in (self._attrs or {}).items():
                if key not in written or written[key] != value:
                    self.ledger.set_study_system_attr(self._study_id, key, value)
            self._end_if_done()

    def forgive(self) -> None:
        """Note that trials that run again were stopped on purpose, which is no second kill."""
        with self._lock:
            for number, fresh in list(self._fresh.items()):
                if self._writes(number) and fresh.user_attrs.get(RETRIED):
                    self._write_attr(number, RETRIED, False)

    def _complete(self, number: int, fresh: FrozenTrial) -> None:
        """Write to the ledger what it lacks of a trial in flight that was asked for again."""
        trial_id, recorded = _optuna.trial_id(fresh), self.recorded[number]
        for name, distribution in fresh.distributions.items():
            if name not in recorded.params:
                internal = distribution.to_internal_repr(fresh.params[name])
                self.ledger.set_trial_param(trial_id, name, internal, distribution)
        for key, value in fresh.user_attrs.items():
            self._write_attr(number, key, value)
        for key, value in fresh.system_attrs.items():
            self.set_trial_system_attr(trial_id, key, value)

    def _is_over(self, number: int) -> bool:
        """True if the ledger had the end of a fresh trial already."""
        return self.recorded[number].state.is_finished()

    def _writes(self, number: int) -> bool:
        """True if what is written to a fresh trial reaches the ledger."""
        return self._is_live and not self._is_over(number)

    def _put(self, number: int, state: TrialState) -> None:
        self._fresh.put(fresh_trial(self.recorded[number], state, exact=self._exact))

    def _end_if_done(self) -> None:
        """Leave everything to the ledger when no trial is fresh any more."""
        if not self._fresh:
            self._attrs = None
            self.recorded = []

    def _write_attr(self, number: int, key: str, value: Any) -> None:
        fresh = self._fresh[number]
        self._fresh.change(number, user_attrs={**fresh.user_attrs, key: value})
        attrs = self.recorded[number].user_attrs
        if self._writes(number) and not (key in attrs and attrs[key] == value):
            self.ledger.set_trial_user_attr(_optuna.trial_id(fresh), key, value)
            attrs[key] = value
