"""Where a study is kept."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TypeAlias

from optuna.storages import BaseStorage, InMemoryStorage, JournalStorage, get_storage
from optuna.storages.journal import JournalFileBackend

from crosstune.errors import RequestError

Place: TypeAlias = str | os.PathLike[str] | BaseStorage | None


def open_storage(place: Place) -> BaseStorage:
    """The storage at a place.

    Args:
        place: None is memory; something with "://" is a database for Optuna; any other string or
            path is a journal file, made with its folders if it is not there.

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
    path = Path(place)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return JournalStorage(JournalFileBackend(str(path)))
    except OSError as error:
        raise RequestError(f"{path} cannot be written: {error.strerror or error}") from error


def _open_database(url: str) -> BaseStorage:
    try:
        return get_storage(url)
    except Exception as error:  # Of Optuna, SQLAlchemy, redis or the database's own library.
        reason = (str(error) or type(error).__name__).replace(url, describe(url)).splitlines()[0]
        raise RequestError(f"the storage {describe(url)} cannot be opened: {reason}") from error


def describe(place: Place) -> str:
    """A place in words, without the password of a database URL.

    >>> describe("postgresql://me:secret@db/tune")
    'postgresql://me:***@db/tune'
    """
    match place:
        case None:
            return "memory"
        case BaseStorage():
            return type(place).__name__
    text = re.sub(r"(://[^:/@]*):[^/]*@", r"\1:***@", os.fspath(place))
    return re.sub(r"([?&](?:password|passwd|pwd|token)=)[^&]*", r"\1***", text, flags=re.I)
