"""One worker at a time asks for a trial: a lock of PostgreSQL, which ends with its holder."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from crosstune.worker.database import at_start, connect_args, is_gap, steadily

if TYPE_CHECKING:
    from sqlalchemy import Connection


class WorkerTurns:
    """The turns of the workers at one study.

    A turn is a transaction with a lock, which a thread keeps alive. The server ends it, and with it
    the lock, after `lease` seconds without a sign of life: the worker is paused, or its machine has
    vanished. A restart of the server ends it too. Then another worker may begin its turn, so the
    first asks at the end whether its own `is_alive`.

    Args:
        url: of the database.
        study_name: of the study in it.
        place: a name of the database without a password.
        lease: seconds that a turn outlasts the last sign of life.

    Raises:
        RequestError: the database cannot be opened.
        RunError: the server was away for too long.
    """

    def __init__(self, url: str, study_name: str, place: str, *, lease: float):
        from sqlalchemy import NullPool, create_engine

        def connected() -> None:
            self._engine.connect().close()

        self._engine = at_start(
            lambda: create_engine(url, poolclass=NullPool, connect_args=connect_args(url)),
            url,
            place,
        )
        at_start(connected, url, place)
        self._key = zlib.crc32(f"crosstune {study_name}".encode())
        self._place = place
        self._lease = lease
        self._using = threading.Lock()

    @contextmanager
    def take(self) -> Iterator[None]:
        """Wait for a turn and keep it."""
        connection = self._connection = steadily(self._locked, self._place)
        over = threading.Event()
        alive = threading.Thread(target=self._keep_alive, args=(over,), daemon=True)
        alive.start()
        try:
            yield
        finally:
            over.set()
            alive.join()
            try:
                connection.close()  # and the lock goes with the transaction
            except Exception as error:
                if not is_gap(error):
                    raise

    def is_alive(self) -> bool:
        """True if the session of the turn, and so its lock, lives."""
        from sqlalchemy import text

        try:
            with self._using:
                self._connection.execute(text("select 1"))
        except Exception as error:
            if not is_gap(error):
                raise
            return False
        return True

    def _keep_alive(self, over: threading.Event) -> None:
        while not over.wait(self._lease / 4) and self.is_alive():
            pass

    def _locked(self) -> Connection:
        from sqlalchemy import text

        connection = self._engine.connect()
        try:
            # While it waits for the lock it is not idle, and nothing else may end it.
            for name, seconds in (
                ("idle_in_transaction_session_timeout", self._lease),
                ("statement_timeout", 0),
                ("lock_timeout", 0),
            ):
                connection.execute(text(f"set local {name} = {round(1000 * seconds)}"))
            connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": self._key})
        except BaseException:
            with suppress(Exception):  # the first error tells more
                connection.close()
            raise
        return connection
