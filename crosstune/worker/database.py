"""The storage of a shared study, which survives a restart of its server."""

from __future__ import annotations

import logging
import os
import platform
import re
import time
from collections.abc import Callable
from typing import Any, TypeVar

from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import RDBStorage, get_storage
from optuna.trial import FrozenTrial, TrialState

from crosstune import _optuna
from crosstune.errors import CrosstuneError, RequestError, RunError
from crosstune.resume.forwarding_storage import ForwardingStorage
from crosstune.study.storage import cannot_open, check_url, describe
from crosstune.terminal.urls import clean_cause

PATIENCE = 600.0
"""Seconds that a server may be away."""

_FIRST, _LONGEST = 0.1, 5.0
"""Seconds before a call is tried again: at first, and at most."""

_LONGEST_ROUND = 60.0
"""The most seconds of a call and the wait after it that count as the server's absence."""

_REMIND = 60.0
"""Seconds between two warnings that a server is away."""

_logger = logging.getLogger("crosstune")
_Answer = TypeVar("_Answer")


def check_is_shared(url: str) -> None:
    """Raise RequestError for a storage that workers cannot share."""
    if not url.startswith("postgres"):
        raise RequestError(
            f"workers share a PostgreSQL database, such as postgresql+psycopg://me:secret@db/tune, "
            f"and not {describe(url)}. On one machine any storage will do: crosstune run --workers"
        )
    check_url(url)


def open_database(url: str, heartbeat: int) -> RDBStorage:
    """Optuna's storage at a URL, with heartbeats.

    Args:
        url: of a PostgreSQL database.
        heartbeat: seconds between two; a trial without one for three times as long counts as lost.

    Raises:
        RequestError: it cannot be opened.
        RunError: its server was away for too long.
    """
    from sqlalchemy import event

    check_is_shared(url)

    def opened() -> RDBStorage:
        with _optuna.unwarned():
            return RDBStorage(
                url,
                engine_kwargs={"pool_pre_ping": True, "connect_args": connect_args(url)},
                heartbeat_interval=heartbeat,
                grace_period=3 * heartbeat,
            )

    storage = at_start(opened, url, describe(url))

    def limit(connection: Any, _: Any) -> None:
        # Else a worker that pauses or vanishes in the middle of a write keeps its rows locked.
        with connection.cursor() as cursor:
            cursor.execute(f"set idle_in_transaction_session_timeout = {3000 * heartbeat}")
        connection.commit()

    event.listen(storage.engine, "connect", limit)
    storage.engine.dispose()  # the connection that made the tables has no limit
    return storage


def connect_args(url: str) -> dict[str, Any]:
    """Arguments for libpq beside the URL, so that it notices a server that has vanished.

    Without it a call to a machine that is gone waits until TCP gives up, a quarter of an hour or
    more. Arguments in the URL take precedence.
    """
    from sqlalchemy.engine import make_url

    parsed = make_url(url)
    if parsed.get_driver_name() not in ("psycopg", "psycopg2"):
        return {}
    args = {
        "application_name": f"crosstune {platform.node()}:{os.getpid()}",
        "connect_timeout": 10,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 30_000,
    }
    return {name: value for name, value in args.items() if name not in parsed.query}


def at_start(call: Callable[[], _Answer], url: str, place: str) -> _Answer:
    """The answer of a first call to a database, repeated while its server is down.

    Args:
        call: connects to the database.
        url: of the database.
        place: a name of it without a password.

    Raises:
        RequestError: it cannot be opened, and waiting would not help.
        RunError: the server was away for `PATIENCE` seconds.
    """

    def once() -> _Answer:
        try:
            return call()
        except Exception as error:  # of SQLAlchemy or of the database's own library
            if may_come_back(error):
                raise _Down(str(cannot_open(url, error))) from clean_cause(error)
            raise cannot_open(url, error) from clean_cause(error)

    return steadily(once, place)


class _Down(Exception):
    """The server is down as a worker starts."""


def may_come_back(error: BaseException) -> bool:
    """True if a database that cannot be opened may come back; not so for a wrong password.

    The drivers distinguish these by their messages alone.
    """
    text = re.sub('"[^"]*"', "", str(error)).lower()  # without names
    soon = ("starting up", "shutting down", "not yet accepting", "recovery", "too many", "slots")
    never = ("fatal:", "password", "certificate", "ssl", "invalid")
    return is_gap(error) and (
        any(word in text for word in soon) or not any(word in text for word in never)
    )


def steadily(call: Callable[[], _Answer], place: str) -> _Answer:
    """The answer of a call, repeated while the server is away.

    Args:
        call: to the database.
        place: a name of the database without a password.

    Raises:
        RunError: the server was away for `PATIENCE` seconds.
    """
    waited, warned, pause = 0.0, -_REMIND, _FIRST
    while True:
        began = time.monotonic()
        try:
            return call()
        except Exception as error:
            if isinstance(error, CrosstuneError) or not is_gap(error):
                raise
            if waited > PATIENCE:
                raise RunError(
                    f"{place} has not answered for {PATIENCE:.0f} s. What is finished is kept; "
                    "start the worker again when it is back"
                ) from error
            if waited - warned >= _REMIND:
                what = error if isinstance(error, _Down) else f"{place} does not answer"
                _logger.warning("%s; trying again", what)
                warned = waited
        time.sleep(pause)
        # A round that took longer was a pause of this worker, and not of the server.
        waited += min(time.monotonic() - began, _LONGEST_ROUND)
        pause = min(2 * pause, _LONGEST)


def is_gap(error: BaseException) -> bool:
    """True if an error means that the server is away, and not that the call was wrong."""
    from sqlalchemy import exc

    away = (exc.OperationalError, exc.InterfaceError, exc.InternalError, exc.PendingRollbackError)
    cause: BaseException | None = error
    while cause is not None:
        cut = isinstance(cause, exc.DBAPIError) and cause.connection_invalidated
        if cut or isinstance(cause, (*away, _Down)) or type(cause) is exc.DatabaseError:
            return True
        cause = cause.__cause__
    return False


class Steady(ForwardingStorage):
    """A storage whose calls are repeated while the server is away.

    A call may have been carried out although its answer was lost. Writing the same twice is
    harmless except for three calls: a trial's end and a queued trial are looked for before they are
    written again, and a trial without a worker is swept up; see `sweep`.
    """

    def __init__(self, storage: RDBStorage, place: str):
        super().__init__(get_storage(storage))
        self._place = place

    def _call(self, name: str, *arguments: Any) -> Any:
        calls = 0

        def once() -> Any:
            nonlocal calls
            calls += 1
            if calls > 1 and name == "create_new_trial" and arguments[1] is not None:
                trial_id = self._queued(*arguments)
                if trial_id is not None:
                    return trial_id
            try:
                return super(Steady, self)._call(name, *arguments)
            except UpdateFinishedTrialError:
                repeated = calls > 1 and name == "set_trial_state_values"
                if repeated and self._has_ended(*arguments):
                    return True
                raise

        return steadily(once, self._place)

    def _queued(self, study_id: int, template: FrozenTrial) -> int | None:
        # Another worker may have begun it meanwhile, and its sampler have added attributes.
        wanted = template.system_attrs.items()
        for trial in self._behind.get_all_trials(study_id, deepcopy=False):
            if wanted and all(trial.system_attrs.get(name) == value for name, value in wanted):
                return _optuna.trial_id(trial)
        return None

    def _has_ended(self, trial_id: int, state: TrialState, values: Any) -> bool:
        trial = self._behind.get_trial(trial_id)
        return trial.state == state and trial.values == (None if values is None else list(values))
