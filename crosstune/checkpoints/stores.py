"""The store of a study's checkpoints, with reading and writing of its files."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import tempfile
import threading
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol, TypeAlias
from weakref import WeakKeyDictionary

from optuna.artifacts import FileSystemArtifactStore, download_artifact
from optuna.artifacts.exceptions import ArtifactNotFound
from optuna.storages import BaseStorage, InMemoryStorage
from optuna.trial import BaseTrial, FixedTrial, Trial

from crosstune.checkpoints.record import CheckpointRecord, Unusable
from crosstune.errors import RequestError, RunError, described
from crosstune.study.storage import file_of, innermost
from crosstune.system.files import regular


@dataclass(frozen=True)
class Home:
    """The folder of a study's checkpoints.

    Attributes:
        folder: created with the first checkpoint.
        beside: a file or folder that exists on each machine that can reach `folder`.
    """

    folder: Path
    beside: Path


_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_LITTLE = 2**20
"""With fewer free bytes a disk counts as full, since torch's error has no errno."""

_temporary: WeakKeyDictionary[Any, Path] = WeakKeyDictionary()
"""The folder of each study in memory, removed with its storage."""
_homes: WeakKeyDictionary[Any, Home] = WeakKeyDictionary()
"""The folders of drivers' studies that were set in workers by `keep_at`."""
_lock = threading.Lock()


class ArtifactStore(Protocol):
    """Optuna's interface of artifact stores, which has no public name."""

    def open_reader(self, artifact_id: str) -> BinaryIO:
        """The content of an artifact."""

    def write(self, artifact_id: str, content_body: BinaryIO) -> None:
        """Store an artifact."""

    def remove(self, artifact_id: str) -> None:
        """Remove an artifact."""


Store: TypeAlias = ArtifactStore | str | os.PathLike[str]


class NoRoom(Exception):
    """The disk is full."""


def artifact_store(trial: BaseTrial, store: Store | None) -> ArtifactStore:
    """The given store, or that of the trial's study.

    Raises:
        RequestError: the place of this study's checkpoints is unknown.
    """
    if store is None:
        store = _folder(trial)
    if isinstance(store, str | os.PathLike):
        return _Folder(Path(store))
    return store


class _Folder(FileSystemArtifactStore):
    """Optuna's store in a folder, which is created when needed."""

    def __init__(self, folder: Path):
        super().__init__(folder)
        self._folder = folder

    def open_reader(self, artifact_id: str) -> BinaryIO:
        try:
            return open(self._folder / artifact_id, "rb", opener=regular)
        except FileNotFoundError as error:
            raise ArtifactNotFound("not found") from error

    def write(self, artifact_id: str, content_body: BinaryIO) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        super().write(artifact_id, content_body)


def home(trial: BaseTrial) -> Any:
    """The key of a trial's study: its storage, or the trial itself if it has no study."""
    return trial.storage if isinstance(trial, Trial) else trial


def home_of(storage: BaseStorage | FixedTrial) -> Home | None:
    """The folder of the checkpoints of a storage's studies; None if unknown."""
    if storage in _homes:
        return _homes[storage]
    place = innermost(storage) if isinstance(storage, BaseStorage) else storage
    if isinstance(place, InMemoryStorage | FixedTrial):
        with _lock:
            if place not in _temporary:
                folder = _temporary[place] = Path(tempfile.mkdtemp(prefix="crosstune-"))
                weakref.finalize(place, shutil.rmtree, folder, ignore_errors=True)
            return Home(_temporary[place], _temporary[place])
    file = file_of(place)
    return None if file is None else Home(file.with_suffix(".checkpoints"), file)


def keep_at(storage: BaseStorage, place: Home | None) -> None:
    """Set in a worker the folder of the checkpoints of its driver's study.

    Args:
        storage: the worker's connection to the study.
        place: the driver's result of `home_of`.
    """
    if place is not None:
        _homes[storage] = place


def _folder(trial: BaseTrial) -> Path:
    if not isinstance(trial, Trial | FixedTrial):
        raise RequestError(
            "a trial without its study, such as one that has ended, does not say where its "
            "checkpoints are: give store="
        )
    place = home_of(home(trial))
    if place is None:
        raise RequestError(
            "nothing says where the checkpoints of this study are. Give store=, a folder or an "
            "artifact store of Optuna's; only a study whose journal file or SQLite database "
            "crosstune opened has a folder beside it"
        )
    if not place.beside.exists():
        raise RequestError(
            f"the checkpoints of this study are in {place.folder}, which this worker does not "
            "reach. Give store=, a folder that all machines share or an artifact store of Optuna's"
        )
    return place.folder


class StoreFailed(RunError):
    """The store of checkpoints cannot be written; the study can."""


def put(store: ArtifactStore, artifact: str, path: Path) -> None:
    """Write a file into a store.

    Args:
        store: the target.
        artifact: the id of the file in it.
        path: the file.

    Raises:
        NoRoom: the disk is full; a partial file is removed.
        StoreFailed: the store cannot be written for another reason.
    """
    try:
        with path.open("rb") as body:
            store.write(artifact, body)
    except Exception as error:  # the store's library may raise anything
        discard(store, [artifact])
        reason = no_room(error)
        if reason is not None:
            raise NoRoom(reason) from error
        raise StoreFailed(f"the store of checkpoints cannot be written: {_said(error)}") from error


def get(store: ArtifactStore, entry: CheckpointRecord, folder: Path) -> Path:
    """Copy a checkpoint into a folder, and verify its checksum.

    Args:
        store: the source.
        entry: the checkpoint.
        folder: of the copy.

    Raises:
        Unusable: it is missing, cannot be read, or has another checksum.
    """
    copy = folder / entry.name
    try:
        download_artifact(artifact_store=store, file_path=str(copy), artifact_id=entry.artifact)
    except ArtifactNotFound:
        raise Unusable("it is not in the store") from None
    except Exception as error:  # the store's library may raise anything
        copy.unlink(missing_ok=True)
        raise Unusable(f"it cannot be read: {_said(error)}") from error
    if digest(copy) != entry.sha256:
        copy.unlink()
        raise Unusable("it is damaged: its checksum is another")
    return copy


def discard(store: ArtifactStore, artifacts: list[str]) -> None:
    """Remove artifacts; those that cannot be removed are left."""
    for artifact in artifacts:
        try:
            store.remove(artifact)
        except Exception:  # missing, or the store's library may raise anything
            continue


def digest(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    checksum = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(2**20):
            checksum.update(block)
    return checksum.hexdigest()


def no_room(error: BaseException) -> str | None:
    """The message of the "disk full" error behind an exception; None if there is none.

    torch raises a RuntimeError without an errno, so the free space for temporary files is checked
    too.
    """
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in _NO_ROOM:
            return cause.strerror or str(cause)
        cause = cause.__cause__ or cause.__context__
    if shutil.disk_usage(tempfile.gettempdir()).free < _LITTLE:
        return f"no space left in {tempfile.gettempdir()}"
    return None


def _said(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return described(error)
