"""One driver per study: a lock beside the study's file, held while a process runs the study.

Two drivers would each propose as if alone, and retry the trial that the other evaluates. The lock
is `flock`'s, so it ends with its process, however that ends. Symbolic links are resolved first, and
a file with several hard links is locked itself too.
"""

from __future__ import annotations

import contextlib
import logging
import os
import platform
import stat
import struct
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

from crosstune.errors import RequestError
from crosstune.study.sidecar_paths import beside

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_logger = logging.getLogger("crosstune")

PATIENCE = 0.5
"""Seconds after which Optuna's lock of a journal, held for milliseconds, is taken for abandoned."""


class Driven(RequestError):
    """Another process runs the study."""


@contextlib.contextmanager
def driving(file: Path | None, study_name: str) -> Iterator[None]:
    """Lock a study against other drivers.

    Args:
        file: the journal or SQLite file of the study; None locks nothing.
        study_name: its name in the file.

    Raises:
        Driven: another process, or another call in this one, runs it.
        RequestError: another user's lock cannot be read.
    """
    if file is None or fcntl is None:
        yield
        return
    file = Path(os.path.realpath(file))
    with contextlib.suppress(OSError):  # the storage reports it
        file.parent.mkdir(parents=True, exist_ok=True)
    lock = _lock(beside(file, study_name, ".lock"))
    links = None
    try:
        links = _lock_links(file, study_name)
        if lock is not None:
            _release_left_lock(file)
        yield
    finally:
        if links is not None:
            os.close(links)
        if lock is not None:
            path, descriptor = lock
            with contextlib.suppress(OSError):
                path.unlink()
            os.close(descriptor)


def driver_of(file: Path, study_name: str) -> str:
    """The process that runs a study now, in words; empty if there is none.

    Args:
        file: the journal or SQLite file of the study.
        study_name: its name in the file.
    """
    path = beside(Path(os.path.realpath(file)), study_name, ".lock")
    if fcntl is None or not path.is_file():
        return ""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return ""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return os.read(descriptor, 200).decode(errors="replace").strip() or "another process"
    except OSError:  # a file system without such locks
        return ""
    finally:
        os.close(descriptor)
    return ""


def _lock(path: Path) -> tuple[Path, int] | None:
    """The path and the descriptor of the lock; None if no file can be made."""
    while True:
        descriptor = _opened(path)
        if descriptor is None:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.read(descriptor, 200).decode(errors="replace").strip() or "another process"
            os.close(descriptor)
            raise Driven(
                f"{owner} runs this study already, as the lock {path} says. Wait for it or end "
                "it, then resume. Several processes may share a study in a database"
            ) from None
        except OSError:
            os.close(descriptor)
            return None  # a file system without such locks
        if _is_at(path, descriptor):
            with contextlib.suppress(OSError):  # it may be another user's
                os.ftruncate(descriptor, 0)
                os.write(descriptor, f"process {os.getpid()} on {platform.node()}\n".encode())
            return path, descriptor
        os.close(descriptor)  # its owner has removed the file in the meantime


def _opened(path: Path) -> int | None:
    """The descriptor of the lock file, made if it is absent; None if it cannot be made.

    In a folder that other users can write, they can open the lock too.

    Raises:
        RequestError: this user may not read it, or it is no regular file.
    """
    flags = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    while True:
        try:
            descriptor = os.open(path, os.O_RDWR | flags)
        except FileNotFoundError:
            try:
                descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | flags, 0o644)
            except FileExistsError:
                continue  # another process made it first
            except OSError:
                return None  # a folder that cannot be written: the storage reports it
            with contextlib.suppress(OSError):
                mode = 0o644 if _is_shared(path.parent) else 0o600
                os.fchmod(descriptor, mode)  # whatever the umask
        except PermissionError:
            try:
                descriptor = os.open(path, os.O_RDONLY | flags)
            except FileNotFoundError:
                continue
            except OSError:
                raise _unreadable(path) from None
        except OSError:
            descriptor = -1
        if descriptor >= 0 and stat.S_ISREG(os.fstat(descriptor).st_mode):
            return descriptor
        if descriptor >= 0:
            os.close(descriptor)
        if path.is_symlink():
            _logger.warning(
                "the lock %s is a link, which is not followed, so no other process is kept off the "
                "study. Remove it",
                path,
            )
        elif os.path.lexists(path):
            raise Driven(f"the lock {path} is no regular file. Remove it, then resume")
        return None


def _is_shared(folder: Path) -> bool:
    """True if other users can write in a folder."""
    status = folder.stat()
    return bool(status.st_mode & 0o022) or status.st_uid != os.geteuid()


def _unreadable(path: Path) -> RequestError:
    try:
        owner = path.owner()
    except (OSError, KeyError):  # no such user here
        owner = "another user"
    return RequestError(
        f"the lock {path} cannot be read: it belongs to {owner}. Wait for their run to end, or let "
        "them remove it if they have none"
    )


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        return path.stat().st_ino == os.fstat(descriptor).st_ino
    except OSError:
        return False


def _lock_links(file: Path, study_name: str) -> int | None:
    """The descriptor of a lock on the file itself, if it has further hard links.

    The lock is on a byte far behind its end, one per study, and belongs to the descriptor.

    Raises:
        Driven: another process has it, through another link.
    """
    try:
        if file.stat().st_nlink < 2 or not hasattr(fcntl, "F_OFD_SETLK"):
            return None
        descriptor = os.open(file, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    byte = 2**62 + zlib.crc32(study_name.encode())
    try:
        fcntl.fcntl(
            descriptor,
            fcntl.F_OFD_SETLK,
            struct.pack("hhqqi0q", fcntl.F_WRLCK, os.SEEK_SET, byte, 1, 0),
        )
    except (BlockingIOError, PermissionError):
        os.close(descriptor)
        raise Driven(
            f"another process runs this study already, through another link to {file}. Wait for it "
            "or end it, then resume"
        ) from None
    except OSError:
        os.close(descriptor)
        return None  # a file system without such locks
    return descriptor


def _release_left_lock(journal: Path) -> None:
    """Remove a lock of Optuna's that a killed process has left on a journal.

    Optuna itself waits for half a minute, and forever if the journal's path is relative.
    """
    lock = journal.with_name(journal.name + ".lock")
    if not lock.is_symlink():
        return
    seen, since = _which(lock), time.monotonic()
    while seen is not None and time.monotonic() - since < PATIENCE:
        time.sleep(0.01)
        now = _which(lock)
        if now != seen:
            seen, since = now, time.monotonic()
    if seen is not None:
        with contextlib.suppress(OSError):
            lock.unlink()


def _which(lock: Path) -> tuple[int, int] | None:
    """Inode and change time of the lock file, or None if it is absent."""
    try:
        status = lock.lstat()
    except OSError:
        return None
    return status.st_ino, status.st_ctime_ns
