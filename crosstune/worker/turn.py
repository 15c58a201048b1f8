"""One worker at a time asks for a trial: a lock of PostgreSQL's, which goes with its holder."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from crosstune.worker.database import cannot_open, is_gap, steadily

if TYPE_CHECKING:
    from sqlalchemy import Connection


class Turns:
    """The turns of the workers at one study.

    The server releases the lock of a worker that dies. If it restarts in the middle of a turn,
    another worker may begin its own at once; so the first asks at the end whether it still is
    `held`.

    Args:
        url: of the database.
        study_name: in it.
        place: what to call the database, without a password.

    Raises:
        RequestError: there is no such database.
    """

    def __init__(self, url: str, study_name: str, place: str):
        from sqlalchemy import NullPool, create_engine

        try:
            self._engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
            self._engine.connect().close()
        except Exception as error:  # of SQLAlchemy or of the database's own library
            raise cannot_open(url, error) from error
        self._key = zlib.crc32(f"crosstune {study_name}".encode())
        self._place = place

    @contextmanager
    def take(self) -> Iterator[None]:
        """Wait for a turn and keep it."""
        connection = self._connection = steadily(self._locked, self._place)
        try:
            yield
        finally:
            try:
                connection.close()  # and the lock goes with the session
            except Exception as error:
                if not is_gap(error):
                    raise

    def held(self) -> bool:
        """Whether the turn that was taken is still kept: its session, and so its lock, lives."""
        from sqlalchemy import text

        try:
            self._connection.execute(text("select 1"))
        except Exception as error:
            if not is_gap(error):
                raise
            return False
        return True

    def _locked(self) -> Connection:
        from sqlalchemy import text

        connection = self._engine.connect()
        try:
            connection.execute(text("select pg_advisory_lock(:key)"), {"key": self._key})
        except BaseException:
            with suppress(Exception):  # the first error tells more
                connection.close()
            raise
        return connection
