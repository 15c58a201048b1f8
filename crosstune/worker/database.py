"""The storage of a shared study, which outlasts a restart of its server."""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

from optuna.exceptions import ExperimentalWarning, UpdateFinishedTrialError
from optuna.storages import RDBStorage, get_storage
from optuna.trial import FrozenTrial, TrialState

from crosstune import _optuna
from crosstune.errors import RequestError, RunError
from crosstune.resume.through import Through
from crosstune.storage import describe

PATIENCE = 600.0
"""For how many seconds a server may be away."""

_FIRST, _LONGEST = 0.1, 5.0
"""How long to wait before a call is tried again, in seconds: at first, and at most."""

_logger = logging.getLogger("crosstune")
_Answer = TypeVar("_Answer")


def check_is_shared(url: str) -> None:
    """Raise RequestError for a storage that workers cannot share."""
    if not url.startswith("postgres"):
        raise RequestError(
            f"workers share a PostgreSQL database, such as postgresql+psycopg://me:secret@db/tune, "
            f"and not {describe(url)}. On one machine any storage will do: crosstune run --workers"
        )


def open_database(url: str, heartbeat: int) -> RDBStorage:
    """Optuna's storage at a URL, with heartbeats.

    Args:
        heartbeat: seconds between two; a trial without for three times as long is taken for lost.

    Raises:
        RequestError: it cannot be opened.
    """
    check_is_shared(url)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        try:
            return RDBStorage(
                url,
                engine_kwargs={"pool_pre_ping": True},
                heartbeat_interval=heartbeat,
                grace_period=3 * heartbeat,
            )
        except Exception as error:  # of SQLAlchemy or of the database's own library
            raise cannot_open(url, error) from error


def cannot_open(url: str, error: Exception) -> RequestError:
    """What to say of a database that cannot be opened, without its password."""
    reason = (str(error) or type(error).__name__).replace(url, describe(url)).splitlines()[0]
    return RequestError(f"the storage {describe(url)} cannot be opened: {reason}")


def steadily(call: Callable[[], _Answer], place: str) -> _Answer:
    """What a call answers, made again while the server is away.

    Args:
        place: what to call the database, without a password.

    Raises:
        RunError: the server was away for `PATIENCE` seconds.
    """
    since, pause = time.monotonic(), _FIRST
    while True:
        try:
            return call()
        except Exception as error:
            if not is_gap(error):
                raise
            if time.monotonic() - since > PATIENCE:
                raise RunError(
                    f"{place} has not answered for {PATIENCE:.0f} s. What is finished is kept; "
                    "start the worker again when it is back"
                ) from error
            if pause == _FIRST:
                _logger.warning("%s does not answer; trying again", place)
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST)


def is_gap(error: BaseException) -> bool:
    """Whether an error means that the server is away, and not that the call was wrong."""
    from sqlalchemy import exc

    away = (exc.OperationalError, exc.InterfaceError, exc.InternalError, exc.PendingRollbackError)
    found: BaseException | None = error
    while found is not None:
        cut = isinstance(found, exc.DBAPIError) and found.connection_invalidated
        if cut or isinstance(found, away) or type(found) is exc.DatabaseError:
            return True
        found = found.__cause__
    return False


class Steady(Through):
    """A storage whose calls are made again while the server is away.

    A call may have been carried out although its answer was lost. Writing the same twice is
    harmless but for three: a trial's end and a queued trial are looked for before they are written
    again, and a trial that nobody knows of is swept up; see `sweep`.
    """

    def __init__(self, storage: RDBStorage, place: str):
        super().__init__(get_storage(storage))
        self._place = place

    def _call(self, name: str, *given: Any) -> Any:
        tried = 0

        def once() -> Any:
            nonlocal tried
            tried += 1
            if tried > 1 and name == "create_new_trial" and given[1] is not None:
                known = self._queued(*given)
                if known is not None:
                    return known
            try:
                return super(Steady, self)._call(name, *given)
            except UpdateFinishedTrialError:
                if tried > 1 and name == "set_trial_state_values" and self._has_ended(*given):
                    return True
                raise

        return steadily(once, self._place)

    def _queued(self, study_id: int, template: FrozenTrial) -> int | None:
        for trial in self._behind.get_all_trials(study_id, deepcopy=False):
            if trial.state == TrialState.WAITING and trial.system_attrs == template.system_attrs:
                return _optuna.trial_id(trial)
        return None

    def _has_ended(self, trial_id: int, state: TrialState, values: Any) -> bool:
        trial = self._behind.get_trial(trial_id)
        return trial.state == state and trial.values == (None if values is None else list(values))
