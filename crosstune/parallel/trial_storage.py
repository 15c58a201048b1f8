"""The storage of a worker: it reads the driver's study and writes to the trial it evaluates."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn

from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial, TrialState

from crosstune import _optuna
from crosstune.checkpoints.record import reached
from crosstune.checkpoints.stores import home_of
from crosstune.engines.record_names import LEFT
from crosstune.resume.forwarding_storage import ForwardingStorage
from crosstune.resume.trial_origins import retrying

UNPICKLED = ("cma:", "sepcma:", "cmawm:")
"""The prefixes of trial attributes that Optuna's CMA-ES sampler unpickles."""

OF_STUDY = (
    *("get_study_directions", "get_study_name_from_id", "get_study_system_attrs"),
    *("get_study_user_attrs", "set_study_user_attr"),
)
"""What a worker may read of the driver's study, and the attributes that an objective may set."""


@dataclass
class Admitted:
    """A trial that workers may write to, with the reports and attributes of its latest attempt."""

    trial_id: int
    number: int
    first_attrs: Mapping[str, Any]
    """Its system attributes when it was admitted."""
    runs_again: bool = False
    attempt: int | None = None
    attempts: int = 0
    reports: dict[int, float] = field(default_factory=dict)
    earlier: dict[int, float] = field(default_factory=dict)
    """The reports of the attempts before, by step."""
    new_attrs: dict[str, Any] = field(default_factory=dict)
    """The system attributes that the latest attempt wrote."""
    lock: threading.RLock = field(default_factory=threading.RLock)
    """Held while an attempt writes, so that none of its writes follow the start of the next."""


class Gate(ForwardingStorage):
    """A storage in front of the driver's own, for the workers that evaluate its trials.

    Every call needs a number of 61 random bits: the run's, to read; a ticket's, to begin an attempt
    at the trial that it was made for. Nothing else of the storage can be read or changed: a trial
    is listed under the run's number plus its own, which leads to no other study.

    An attempt begins with `create_new_trial(ticket)`, whose answer is the trial's id for this
    attempt. When another one begins, because the process of the first was lost or seemed to be,
    the first can no longer write, and its reports are not shown.

    Args:
        storage: the driver's.
        study_id: of the driver's study there.

    Attributes:
        run: the number of this run; it stands for the study.
        home: of the study's checkpoints.
    """

    def __init__(self, storage: BaseStorage, study_id: int):
        super().__init__(storage)
        self._study_id = study_id
        self._lock = threading.RLock()
        self._tickets: dict[int, Admitted] = {}
        self._attempts: dict[int, int] = {}
        self._again: dict[int, int] = {}
        """The ticket of a trial by its number, if it is attempted once more."""
        self._finished: dict[int, FrozenTrial] = {}
        self.run = secrets.randbits(61) | 1 << 61
        self.home = home_of(storage)

    def admit(self, trial_id: int, *, runs_again: bool = False) -> int:
        """The ticket of a trial that is to be evaluated.

        Args:
            trial_id: of the trial in the driver's storage.
            runs_again: whether it was in flight when the process of an earlier run was killed.
                This is noted in the study when it begins, since it is not to run a third time.
        """
        ticket = secrets.randbits(61) | 1 << 61
        trial = self._behind.get_trial(trial_id)
        with self._lock:
            self._tickets[ticket] = Admitted(
                trial_id, trial.number, dict(trial.system_attrs), runs_again
            )
        return ticket

    def attempts(self, ticket: int) -> int:
        """The number of attempts at the trial of a ticket."""
        with self._lock:
            return self._tickets[ticket].attempts

    def checkpoint(self, ticket: int) -> int:
        """The step of the farthest checkpoint of a ticket's trial; -1 if it has none."""
        with self._lock:
            admitted = self._tickets[ticket]
        return reached(self._behind.get_trial(admitted.trial_id))

    def dismiss(self, ticket: int) -> None:
        """Refuse all further writes for a ticket."""
        with self._lock:
            admitted = self._tickets[ticket]
        with admitted.lock, self._lock:
            admitted.attempt = None
            del self._tickets[ticket]
            self._again.pop(admitted.number, None)
            self._attempts = {a: t for a, t in self._attempts.items() if t != ticket}

    # What a worker calls.

    def create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> int:
        """The id of the trial that the ticket `study_id` is for, for a new attempt at it."""
        with self._lock:
            if study_id not in self._tickets:
                raise KeyError("there is no such trial, or it is over")
            admitted = self._tickets[study_id]
        with admitted.lock, self._lock:
            attempt = admitted.attempt = secrets.randbits(61) | 1 << 61
            admitted.attempts += 1
            admitted.earlier |= admitted.reports
            admitted.reports, admitted.new_attrs = {}, {}
            if admitted.attempts > 1:
                self._again[admitted.number] = study_id
            self._attempts[attempt] = study_id
            first = admitted.attempts == 1
        if admitted.runs_again and first:
            for key, value in retrying(self._behind.get_trial(admitted.trial_id)).items():
                self.set_trial_user_attr(attempt, key, value)
        return attempt

    def set_trial_intermediate_value(
        self, trial_id: int, step: int, intermediate_value: float
    ) -> None:
        """Store a report."""
        with self._writing(trial_id) as admitted:
            admitted.reports[step] = intermediate_value
            real = admitted.trial_id
            self._behind.set_trial_intermediate_value(real, step, intermediate_value)

    def set_trial_user_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Store an attribute of the trial."""
        with self._writing(trial_id) as admitted:
            self._behind.set_trial_user_attr(admitted.trial_id, key, value)

    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Store an attribute of a pruner. Those that a sampler would unpickle are refused."""
        if key.startswith(UNPICKLED):
            _refuse()
        with self._writing(trial_id) as admitted:
            admitted.new_attrs[key] = value
            self._behind.set_trial_system_attr(admitted.trial_id, key, value)

    def get_trial(self, trial_id: int) -> FrozenTrial:
        """The trial of an attempt, or any other of the study.

        Reports of earlier attempts are not among its reports, but in the attribute `LEFT`.
        """
        with self._lock:
            if trial_id in self._attempts:
                ticket = self._attempts[trial_id]
                seen = self._seen(ticket, trial_id)
                earlier = self._tickets[ticket].earlier
                if earlier:
                    left = {str(step): value for step, value in earlier.items()}
                    seen.system_attrs = {**seen.system_attrs, LEFT: left}
                return seen
        number = trial_id - self.run
        if not 0 <= number < 1 << 32:
            raise KeyError("there is no such trial")
        real = self._behind.get_trial_id_from_study_id_trial_number(self._study_id, number)
        return _optuna.with_id(self._behind.get_trial(real), trial_id)

    def get_all_trials(
        self, study_id: int, deepcopy: bool = True, states: Container[TrialState] | None = None
    ) -> list[FrozenTrial]:
        """All trials, under ids that can only be read."""
        self._check_run(study_id)
        trials = self._behind.get_all_trials(self._study_id, deepcopy=deepcopy, states=states)
        return [self._listed(trial) for trial in trials]

    def get_trial_id_from_study_id_trial_number(self, study_id: int, trial_number: int) -> int:
        """The id under which a trial is listed."""
        self._check_run(study_id)
        self._behind.get_trial_id_from_study_id_trial_number(self._study_id, trial_number)
        return self.run + trial_number

    def get_all_studies(self) -> list[Any]:
        """None: the studies of the storage are not shown."""
        return []

    def _call(self, name: str, *arguments: Any) -> Any:
        """Of the driver's study. Refuse everything that is not in `OF_STUDY`.

        That is: studies by name, parameters, ends, attributes of samplers.
        """
        if name not in OF_STUDY:
            _refuse()
        run, *others = arguments
        self._check_run(run)
        return super()._call(name, self._study_id, *others)

    def _check_run(self, run: int) -> None:
        if run != self.run:
            raise KeyError("there is no such study")

    @contextmanager
    def _writing(self, attempt: int) -> Iterator[Admitted]:
        """The trial of an attempt, locked for a write.

        Raises:
            UpdateFinishedTrialError: the attempt may not write to it, or not any more.
        """
        with self._lock:
            ticket = self._attempts.get(attempt)
            admitted = None if ticket is None else self._tickets[ticket]
        if admitted is not None:
            with admitted.lock:
                if admitted.attempt == attempt:
                    yield admitted
                    return
        raise UpdateFinishedTrialError("the trial is over, or is attempted again elsewhere")

    def _seen(self, ticket: int, shown_id: int) -> FrozenTrial:
        """A trial as its latest attempt left it."""
        admitted = self._tickets[ticket]
        trial = self._behind.get_trial(admitted.trial_id)
        seen = _optuna.with_id(trial, shown_id)
        if admitted.attempts > 1:
            seen.intermediate_values = dict(admitted.reports)
            seen.system_attrs = {**admitted.first_attrs, **admitted.new_attrs}
        return seen

    def _listed(self, trial: FrozenTrial) -> FrozenTrial:
        number = trial.number
        if not trial.state.is_finished():
            with self._lock:
                if number in self._again:
                    return self._seen(self._again[number], self.run + number)
            return _optuna.with_id(trial, self.run + number)
        listed = self._finished.get(number)
        if listed is None:
            listed = self._finished[number] = _optuna.with_id(trial, self.run + number)
        return listed


def _refuse() -> NoReturn:
    raise KeyError("a worker may report of its own trial, and nothing else")
