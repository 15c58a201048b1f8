"""What a worker may do to the driver's study: read it, and report of the trial it evaluates."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

from optuna.distributions import BaseDistribution
from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import BaseStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from crosstune import _optuna
from crosstune.checkpoints.record import reached
from crosstune.checkpoints.stores import home_of
from crosstune.engines.record_names import LEFT
from crosstune.parallel.admitted import Admitted
from crosstune.resume.trial_origins import retrying

UNPICKLED = ("cma:", "sepcma:", "cmawm:")
"""How the attributes of trials begin that Optuna's CMA-ES sampler unpickles."""


class Gate(BaseStorage):
    """A storage in front of the driver's own, for those who evaluate its trials.

    Whoever can reach it has to know a number of 61 random bits for everything: the run's, to
    read; and a ticket's, to begin an attempt at the trial that it was made for. Nothing else of
    the storage can be seen or changed: a trial is listed under the run's number plus its own, which
    leads to no other study.

    An attempt begins with `create_new_trial(ticket)`, whose answer is the trial's id for this
    attempt. When another one begins, because the process of the first was lost, or only seemed
    to be, then nothing more is taken from the first, and its reports are out of sight.

    Args:
        storage: the driver's.
        study_id: of the driver's study there.

    Attributes:
        run: the number of this run; it stands for the study.
        home: of the study's checkpoints.
    """

    def __init__(self, storage: BaseStorage, study_id: int):
        self._storage = storage
        self._study_id = study_id
        self._lock = threading.RLock()
        self._tickets: dict[int, Admitted] = {}
        self._attempts: dict[int, int] = {}
        self._again: dict[int, int] = {}
        """The ticket of a trial by its number, where it is attempted once more."""
        self._finished: dict[int, FrozenTrial] = {}
        self.run = secrets.randbits(61) | 1 << 61
        self.home = home_of(storage)

    def admit(self, trial_id: int, *, runs_again: bool = False) -> int:
        """The ticket of a trial that is to be evaluated.

        Args:
            runs_again: whether it was in flight when the process of an earlier run was killed. It
                says so in the study when it begins, since it is not to run a third time.
        """
        ticket = secrets.randbits(61) | 1 << 61
        trial = self._storage.get_trial(trial_id)
        with self._lock:
            self._tickets[ticket] = Admitted(
                trial_id, trial.number, dict(trial.system_attrs), runs_again
            )
        return ticket

    def attempts(self, ticket: int) -> int:
        """How often the trial of a ticket was begun."""
        with self._lock:
            return self._tickets[ticket].attempts

    def checkpoint(self, ticket: int) -> int:
        """The step of the farthest checkpoint of a ticket's trial; -1 if it has none."""
        with self._lock:
            admitted = self._tickets[ticket]
        return reached(self._storage.get_trial(admitted.trial_id))

    def dismiss(self, ticket: int) -> None:
        """Take nothing more for a ticket."""
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
            admitted.reports, admitted.kept = {}, {}
            if admitted.attempts > 1:
                self._again[admitted.number] = study_id
            self._attempts[attempt] = study_id
            first = admitted.attempts == 1
        if admitted.runs_again and first:
            for key, value in retrying(self._storage.get_trial(admitted.trial_id)).items():
                self.set_trial_user_attr(attempt, key, value)
        return attempt

    def set_trial_intermediate_value(
        self, trial_id: int, step: int, intermediate_value: float
    ) -> None:
        """A report."""
        with self._writing(trial_id) as admitted:
            admitted.reports[step] = intermediate_value
            real = admitted.trial_id
            self._storage.set_trial_intermediate_value(real, step, intermediate_value)

    def set_trial_user_attr(self, trial_id: int, key: str, value: Any) -> None:
        """An attribute of the trial."""
        with self._writing(trial_id) as admitted:
            self._storage.set_trial_user_attr(admitted.trial_id, key, value)

    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        """What a pruner keeps of the trial. What a sampler would unpickle is refused."""
        if key.startswith(UNPICKLED):
            _refuse()
        with self._writing(trial_id) as admitted:
            admitted.kept[key] = value
            self._storage.set_trial_system_attr(admitted.trial_id, key, value)

    def set_study_user_attr(self, study_id: int, key: str, value: Any) -> None:
        """An attribute of the study, which an objective may well set."""
        self._check_run(study_id)
        self._storage.set_study_user_attr(self._study_id, key, value)

    def get_trial(self, trial_id: int) -> FrozenTrial:
        """The trial of an attempt, or any other of the study.

        What earlier attempts have reported is not among the reports, but in the attribute `LEFT`.
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
        real = self._storage.get_trial_id_from_study_id_trial_number(self._study_id, number)
        return _optuna.with_id(self._storage.get_trial(real), trial_id)

    def get_all_trials(
        self,
        study_id: int,
        deepcopy: bool = True,
        states: Container[TrialState] | None = None,
    ) -> list[FrozenTrial]:
        """All trials, under ids that are good for reading alone."""
        self._check_run(study_id)
        trials = self._storage.get_all_trials(self._study_id, deepcopy=deepcopy, states=states)
        return [self._listed(trial) for trial in trials]

    def get_study_directions(self, study_id: int) -> list[StudyDirection]:
        """The study's."""
        self._check_run(study_id)
        return self._storage.get_study_directions(self._study_id)

    def get_study_user_attrs(self, study_id: int) -> dict[str, Any]:
        """The study's."""
        self._check_run(study_id)
        return self._storage.get_study_user_attrs(self._study_id)

    def get_study_system_attrs(self, study_id: int) -> dict[str, Any]:
        """The study's."""
        self._check_run(study_id)
        return self._storage.get_study_system_attrs(self._study_id)

    def get_study_name_from_id(self, study_id: int) -> str:
        """The study's."""
        self._check_run(study_id)
        return self._storage.get_study_name_from_id(self._study_id)

    def get_trial_id_from_study_id_trial_number(self, study_id: int, trial_number: int) -> int:
        """The id under which a trial is listed."""
        self._check_run(study_id)
        self._storage.get_trial_id_from_study_id_trial_number(self._study_id, trial_number)
        return self.run + trial_number

    # What it may not.

    def create_new_study(
        self, directions: Sequence[StudyDirection], study_name: str | None = None
    ) -> int:
        """Refused."""
        _refuse()

    def delete_study(self, study_id: int) -> None:
        """Refused."""
        _refuse()

    def get_all_studies(self) -> list[Any]:
        """None: the studies of the storage are not shown."""
        return []

    def get_study_id_from_name(self, study_name: str) -> int:
        """Refused: a worker was told the number of its run."""
        _refuse()

    def set_study_system_attr(self, study_id: int, key: str, value: Any) -> None:
        """Refused: they are a sampler's, and the sampler is the driver's."""
        _refuse()

    def set_trial_param(
        self,
        trial_id: int,
        param_name: str,
        param_value_internal: float,
        distribution: BaseDistribution,
    ) -> None:
        """Refused: the driver has suggested every parameter."""
        _refuse()

    def set_trial_state_values(
        self, trial_id: int, state: TrialState, values: Sequence[float] | None = None
    ) -> bool:
        """Refused: the driver alone tells how a trial ended."""
        _refuse()

    def _check_run(self, run: int) -> None:
        if run != self.run:
            raise KeyError("there is no such study")

    @contextmanager
    def _writing(self, attempt: int) -> Iterator[Admitted]:
        """The trial of the attempt that may report of it.

        Raises:
            UpdateFinishedTrialError: it may not, or not any more.
        """
        with self._lock:
            ticket = self._attempts.get(attempt)
            admitted = None if ticket is None else self._tickets[ticket]
        if admitted is not None:
            with admitted.lock:
                if admitted.attempt == attempt:
                    yield admitted
                    return
        raise UpdateFinishedTrialError("the trial is over, or is attempted anew elsewhere")

    def _seen(self, ticket: int, shown_id: int) -> FrozenTrial:
        """A trial as its latest attempt left it."""
        admitted = self._tickets[ticket]
        trial = self._storage.get_trial(admitted.trial_id)
        seen = _optuna.with_id(trial, shown_id)
        if admitted.attempts > 1:
            seen.intermediate_values = dict(admitted.reports)
            seen.system_attrs = {**admitted.given, **admitted.kept}
        return seen

    def _listed(self, trial: FrozenTrial) -> FrozenTrial:
        number = trial.number
        if not trial.state.is_finished():
            with self._lock:
                if number in self._again:
                    return self._seen(self._again[number], self.run + number)
            return _optuna.with_id(trial, self.run + number)
        known = self._finished.get(number)
        if known is None:
            known = self._finished[number] = _optuna.with_id(trial, self.run + number)
        return known


def _refuse() -> NoReturn:
    raise KeyError("a worker may report of its own trial, and nothing else")
