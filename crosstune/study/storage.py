"""Opens and describes the storage of a study."""

from __future__ import annotations

import logging
import os
import re
from pathlib import Path
from typing import TypeAlias
from urllib.parse import unquote, urlsplit
from weakref import WeakKeyDictionary

from optuna.storages import BaseStorage, InMemoryStorage, JournalStorage, get_storage
from optuna.storages.journal import JournalFileBackend, JournalFileSymlinkLock

from crosstune.errors import RequestError, described, message_of
from crosstune.terminal.urls import clean_cause, has_loose_at, is_url, redacted, rendered

_logger = logging.getLogger("crosstune")

Place: TypeAlias = str | os.PathLike[str] | BaseStorage | None

_TORN_URL = re.compile(
    r"((?:postgres|mysql|mariadb|sqlite|oracle|mssql|redis)\w*(?:\+\w+)?):/(?!/)", re.IGNORECASE
)

_files: WeakKeyDictionary[BaseStorage, Path] = WeakKeyDictionary()
_behind: WeakKeyDictionary[BaseStorage, BaseStorage] = WeakKeyDictionary()


def open_storage(place: Place, *, mend: bool = True) -> BaseStorage:
    """The storage at a place.

    Args:
        place: None is memory; a string with "://" is a database for Optuna; any other string or
            path is a journal file, made with its folders if it is absent.
        mend: whether what a kill has left on a journal is removed first, as a writer needs it.

    Raises:
        RequestError: the file cannot be written, or the database cannot be opened.
    """
    match place:
        case None:
            return InMemoryStorage()
        case BaseStorage():
            return place
        case str() if "://" in place:
            return _open_database(place)
    _check_slashes(str(place))
    path = Path(place)
    if path.exists() and not path.is_file():
        raise RequestError(f"{path} is no regular file, so no journal can be kept in it")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if mend:
            _drop_dangling_lock(path)
            _drop_torn_line(path)
        # The absolute path, since Optuna waits forever for a lock that a killed process has left on
        # a relative one; without links, since its lock is beside the path that it gets.
        path = _real(path)
        storage = JournalStorage(JournalFileBackend(str(path)))
    except OSError as error:
        raise RequestError(f"{path} cannot be written: {error.strerror or error}") from error
    except Exception as error:  # Optuna does not validate a line before it uses it.
        reason = described(error)
        raise RequestError(f"{path} is no journal of Optuna's, or is damaged: {reason}") from error
    _files[storage] = path
    return storage


def file_of(storage: BaseStorage) -> Path | None:
    """The journal or SQLite file of a storage that `open_storage` opened by its place."""
    return _files.get(innermost(storage))


def also_at(front: BaseStorage, storage: BaseStorage) -> None:
    """Register a storage that forwards to another one, and so is in the same place."""
    _behind[front] = storage


def innermost(storage: BaseStorage) -> BaseStorage:
    """The storage that keeps the study, behind those that forward to it."""
    while storage in _behind:
        storage = _behind[storage]
    return storage


def file_at(place: Place) -> Path | None:
    """The journal or SQLite file of a place, which need not exist yet."""
    match place:
        case None:
            return None
        case BaseStorage():
            return file_of(place)
        case str() if "://" in place:
            return _database_file(place)
    return _real(Path(place))


def _real(path: Path) -> Path:
    """The absolute path without links."""
    return Path(os.path.realpath(path))


def _drop_dangling_lock(path: Path) -> None:
    """Remove a lock that is a dangling link, for which Optuna would wait forever.

    A lock is a link to the journal, which exists while it is locked.
    """
    lock = path.with_name(f"{path.name}.lock")
    if lock.is_symlink() and not lock.exists():
        lock.unlink(missing_ok=True)


def _drop_torn_line(path: Path) -> None:
    """Remove an unfinished last line, left by a killed process or a full disk.

    Optuna skips such a line when it reads, but would append the next one to it.
    """
    if not path.exists() or path.stat().st_size == 0 or _ends_with_newline(path):
        return
    lock = JournalFileSymlinkLock(str(_real(path)))
    lock.acquire()
    try:
        if not _ends_with_newline(path):  # no process was writing it
            whole = path.read_bytes().rfind(b"\n") + 1
            with path.open("r+b") as file:
                file.truncate(whole)
            _logger.warning("%s ended in an unfinished line, which was dropped", path)
    finally:
        lock.release()


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


def _open_database(url: str) -> BaseStorage:
    file = _database_file(url)
    if file is not None and file.exists() and not file.is_file():
        raise RequestError(f"{file} is no regular file, so no database can be kept in it")
    check_url(url)
    try:
        storage = get_storage(url)
    except Exception as error:  # of Optuna, SQLAlchemy, redis or the database's own library
        raise cannot_open(url, error) from clean_cause(error)
    if file is not None:
        _files[storage] = file
    return storage


def _check_slashes(place: str) -> None:
    """Refuse a URL that has lost a slash, as in a `Path`, instead of making a journal there.

    Raises:
        RequestError: its message has only the scheme, since the rest may have a password.
    """
    torn = _TORN_URL.match(place)
    if torn:
        raise RequestError(
            f"{torn[1]}:/... is neither a URL nor a journal file: a URL has two slashes after its "
            f"scheme, {torn[1]}://, and is a string and no Path"
        )


def check_url(url: str) -> None:
    """Raise RequestError if a URL lacks a slash, or has an @ in its password."""
    _check_slashes(url)
    if has_loose_at(url):
        raise RequestError(
            f"the storage {describe(url)} cannot be opened: its password has an @ in it. Write %40 "
            "for it, and %25 for a percent sign"
        )


def cannot_open(url: str, error: Exception) -> RequestError:
    """The error for a database that cannot be opened, without its password."""
    place = describe(url)
    reason = redacted(message_of(error)).splitlines()[0]
    return RequestError(f"the storage {place} cannot be opened: {reason}")


def _database_file(url: str) -> Path | None:
    """The file of an SQLite database; None for any other database."""
    if not url.startswith("sqlite"):
        return None
    try:
        from sqlalchemy.engine import make_url  # slow to import

        parsed = make_url(url)
        file = parsed.database or ""
    except Exception:  # of SQLAlchemy, or it is missing: reported when it is opened
        return None
    if file.startswith("file:"):  # a URI of SQLite's
        file = unquote(urlsplit(file).path)
    in_memory = file in ("", ":memory:") or parsed.query.get("mode") == "memory"
    return None if in_memory else _real(Path(file))


def describe(place: Place) -> str:
    """A place in words, without the secrets of a database URL.

    >>> describe("postgresql://me:secret@db/tune")
    'postgresql://me:***@db/tune'
    """
    match place:
        case None:
            return "memory"
        case BaseStorage():
            return type(place).__name__
    text = os.fspath(place)
    return rendered(text) if is_url(text) else text
