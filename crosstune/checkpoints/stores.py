"""Where the checkpoints of a study are, and how files get into a store and out of it."""

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

from crosstune.checkpoints.record import Entry, Unusable
from crosstune.errors import RequestError, RunError, described
from crosstune.study.storage import file_of, innermost
from crosstune.system.files import regular


@dataclass(frozen=True)
class Home:
    """The folder of a study's checkpoints.

    Attributes:
        folder: made when the first checkpoint is saved.
        beside: a file or folder that is there on each machine that reaches it.
    """

    folder: Path
    beside: Path


_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_LITTLE = 2**20
"""With fewer bytes left a disk is full: torch says then what no errno is in."""

_temporary: WeakKeyDictionary[Any, Path] = WeakKeyDictionary()
"""The folder of each study in memory, which goes with its storage."""
_homes: WeakKeyDictionary[Any, Home] = WeakKeyDictionary()
"""What a worker was told of its driver's study."""
_lock = threading.Lock()


class ArtifactStore(Protocol):
    """What Optuna asks of an artifact store; it has no public name for that."""

    def open_reader(self, artifact_id: str) -> BinaryIO:
        """The content of an artifact."""

    def write(self, artifact_id: str, content_body: BinaryIO) -> None:
        """Keep an artifact."""

    def remove(self, artifact_id: str) -> None:
        """Remove an artifact."""


Store: TypeAlias = ArtifactStore | str | os.PathLike[str]


class NoRoom(Exception):
    """The disk is full."""


def artifact_store(trial: BaseTrial, store: Store | None) -> ArtifactStore:
    """The store of a trial's checkpoints: the one that is given, or that of its study.

    Raises:
        RequestError: nothing says where it is.
    """
    if store is None:
        store = _folder(trial)
    if isinstance(store, str | os.PathLike):
        return _Folder(Path(store))
    return store


class _Folder(FileSystemArtifactStore):
    """Optuna's, in a folder that is made when it is needed."""

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
    """What stands for a trial's study; a trial without one stands for itself."""
    return trial.storage if isinstance(trial, Trial) else trial


def home_of(storage: BaseStorage | FixedTrial) -> Home | None:
    """Where the checkpoints of a storage's studies are; None where nothing says it."""
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
    """Tell a worker where the checkpoints of its driver's study are.

    Args:
        storage: the way to the study.
        place: as `home_of` says it to the driver.
    """
    if place is not None:
        _homes[storage] = place


def _folder(trial: BaseTrial) -> Path:
    place = home(trial)
    if not isinstance(trial, Trial | FixedTrial):
        raise RequestError(
            "a trial without its study, such as one that has ended, does not say where its "
            "checkpoints are: give store="
        )
    found = home_of(place)
    if found is None:
        raise RequestError(
            "nothing says where the checkpoints of this study are. Give store=, a folder or an "
            "artifact store of Optuna's; only a study whose journal file or SQLite database "
            "crosstune opened has a folder beside it"
        )
    if not found.beside.exists():
        raise RequestError(
            f"the checkpoints of this study are in {found.folder}, which this worker does not "
            "reach. Give store=, a folder that all machines share or an artifact store of Optuna's"
        )
    return found.folder


class StoreFailed(RunError):
    """The store of checkpoints cannot be written; the study can."""


def put(store: ArtifactStore, artifact: str, path: Path) -> None:
    """Write a file into a store.

    Raises:
        NoRoom: there is no room for it; what was written of it is removed.
        StoreFailed: the store cannot be written for another reason.
    """
    try:
        with path.open("rb") as body:
            store.write(artifact, body)
    except Exception as error:  # Of the store's own library.
        discard(store, [artifact])
        reason = no_room(error)
        if reason is not None:
            raise NoRoom(reason) from error
        raise StoreFailed(f"the store of checkpoints cannot be written: {_said(error)}") from error


def get(store: ArtifactStore, entry: Entry, folder: Path) -> Path:
    """A copy of a checkpoint in a folder, compared with its checksum.

    Raises:
        Unusable: it is not there, cannot be read, or is not what was written.
    """
    copy = folder / entry.name
    try:
        download_artifact(artifact_store=store, file_path=str(copy), artifact_id=entry.artifact)
    except ArtifactNotFound:
        raise Unusable("it is not in the store") from None
    except Exception as error:  # Of the store's own library.
        copy.unlink(missing_ok=True)
        raise Unusable(f"it cannot be read: {_said(error)}") from error
    if digest(copy) != entry.sha256:
        copy.unlink()
        raise Unusable("it is damaged: its checksum is another")
    return copy


def discard(store: ArtifactStore, artifacts: list[str]) -> None:
    """Remove what is of no use; what cannot be removed is left."""
    for artifact in artifacts:
        try:
            store.remove(artifact)
        except Exception:  # Not there, or of the store's own library.
            continue


def digest(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(2**20):
            found.update(block)
    return found.hexdigest()


def no_room(error: BaseException) -> str | None:
    """What says that a full disk is at the root of an error; None where it is not.

    torch says so by a RuntimeError without an errno, so the room for temporary files is looked at
    too.
    """
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, OSError) and found.errno in _NO_ROOM:
            return found.strerror or str(found)
        found = found.__cause__ or found.__context__
    if shutil.disk_usage(tempfile.gettempdir()).free < _LITTLE:
        return f"no space left in {tempfile.gettempdir()}"
    return None


def _said(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return described(error)
