"""Find a study in a storage, and put one into a storage whole or not at all."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import BaseStorage
from optuna.study import Study

from crosstune._optuna import identity
from crosstune.errors import RequestError, StudyExists, UnknownName, message_of, no_such
from crosstune.study.storage import Place, describe, open_storage
from crosstune.system.atomic_write import placed
from crosstune.terminal.urls import clean_cause, redacted

_SQLITE = "sqlite:///"


def find(place: Place, name: str | None) -> Study:
    """A study in an existing storage, to be read; without a name the only one.

    Raises:
        RequestError: the storage or the study does not exist.
    """
    storage = _existing(place)
    names = optuna.get_all_study_names(storage)
    if name is None:
        if len(names) != 1:
            content = f"several studies ({', '.join(sorted(names))})" if names else "no study"
            raise RequestError(f"{describe(place)} has {content}. Name the one that is meant")
        name = names[0]
    if name not in names:
        raise UnknownName(f"{describe(place)}: {no_such('study', name, names)}")
    return optuna.load_study(study_name=name, storage=storage)


def _existing(place: Place) -> BaseStorage:
    file = local_file(place)
    if file is not None and not file.is_file():
        raise RequestError(f"there is no file {file}")
    return open_storage(place, mend=False)


def local_file(place: Place) -> Path | None:
    """The file of a storage; None if it has no file."""
    if place is None or isinstance(place, BaseStorage):
        return None
    text = os.fspath(place)
    if text.startswith(_SQLITE) and "?" not in text and text != _SQLITE and ":memory:" not in text:
        return Path(text.removeprefix(_SQLITE))
    return None if "://" in text else Path(text)


def put(study: Study, place: Place, name: str, *, force: bool = False) -> Study:
    """A copy of a study under a name in a storage.

    A new file is written beside its place and then moved into it. A copy that fails is removed from
    an existing storage.

    Args:
        study: to be copied.
        place: the storage.
        name: of the copy.
        force: whether a study of that name may be replaced.

    Raises:
        StudyExists: a study of that name exists.
        RequestError: it cannot be written.
    """
    file = local_file(place)
    if file is not None and not os.path.lexists(file):
        with placed(file, force=False) as part:
            assert place is not None
            sqlite = os.fspath(place).startswith(_SQLITE)  # type: ignore[arg-type]  # a path
            _copy(study, f"{_SQLITE}{part}" if sqlite else part, name, force=False)
    else:
        _copy(study, place, name, force=force)
    return optuna.load_study(study_name=name, storage=open_storage(place))


def _copy(study: Study, place: Place, name: str, *, force: bool) -> None:
    storage = open_storage(place)
    source, _ = identity(study)
    there = name in optuna.get_all_study_names(storage)
    if there and not force:
        raise StudyExists(
            f"there is a study {name!r} in {describe(place)} already. Choose another name"
        )
    # Optuna cannot rename a study. One that is replaced stays until the new one is in the storage,
    # since both may be the same.
    spare = f"{name} {secrets.token_hex(4)}"
    made = spare if there else name
    try:
        _copy_study(study.study_name, source, storage, made)
        if there:
            optuna.delete_study(study_name=name, storage=storage)
            _copy_study(spare, storage, storage, name)
            optuna.delete_study(study_name=spare, storage=storage)
    except BaseException as error:
        _take_out(storage, made)
        if not isinstance(error, Exception):
            raise
        reason = redacted(message_of(error)).splitlines()[0]
        raise RequestError(f"{describe(place)} cannot be written: {reason}") from clean_cause(error)


def _copy_study(name: str, source: Any, storage: BaseStorage, to: str) -> None:
    optuna.copy_study(
        from_study_name=name, from_storage=source, to_storage=storage, to_study_name=to
    )


def _take_out(storage: BaseStorage, name: str) -> None:
    try:
        if name in optuna.get_all_study_names(storage):
            optuna.delete_study(study_name=name, storage=storage)
    except Exception:  # The storage itself is what failed; the first error is the one to tell.
        return
