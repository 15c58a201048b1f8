"""One driver a study: a lock beside the study's file, held while a process runs the study.

The lock is `flock`'s, so it goes with its process, however that ends. Two drivers would each
propose as if it were alone, and retry the trial that the other is at.
"""

from __future__ import annotations

import contextlib
import os
import platform
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from crosstune.errors import RequestError
from crosstune.resume.names import beside

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

PATIENCE = 0.5
"""After so many seconds a journal's own lock, which is held for milliseconds, is a dead one's."""


class Driven(RequestError):
    """Another process runs the study."""


@contextlib.contextmanager
def driving(file: Path | None, study_name: str) -> Iterator[None]:
    """Be the only one to run a study.

    Args:
        file: the journal or SQLite file that the study is in; None where it is in no file, and
            nothing is locked.
        study_name: in it.

    Raises:
        Driven: another process, or another call in this one, runs it.
    """
    lock = None
    if file is not None and fcntl is not None:
        with contextlib.suppress(OSError):  # the storage will say so
            file.parent.mkdir(parents=True, exist_ok=True)
        lock = _lock(beside(file, study_name, ".lock"))
    try:
        if lock is not None and file is not None:
            _release_left_lock(file)
        yield
    finally:
        if lock is not None:
            path, held = lock
            with contextlib.suppress(OSError):
                path.unlink()
            os.close(held)


def _lock(path: Path) -> tuple[Path, int] | None:
    """The path and the descriptor of the lock; None where no file can be made there."""
    while True:
        try:
            held = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError:
            return None  # a folder that cannot be written: the storage will say so
        if not stat.S_ISREG(os.fstat(held).st_mode):
            os.close(held)
            raise Driven(f"the lock {path} is no regular file. Remove it, then resume")
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.read(held, 200).decode(errors="replace").strip() or "another process"
            os.close(held)
            raise Driven(
                f"{owner} runs this study already, as the lock {path} says. Wait for it or end "
                "it, then resume. Several processes may share a study in a database"
            ) from None
        except OSError:
            os.close(held)
            return None  # a file system without such locks
        with contextlib.suppress(OSError):
            if path.stat().st_ino == os.fstat(held).st_ino:
                os.ftruncate(held, 0)
                os.write(held, f"process {os.getpid()} on {platform.node()}\n".encode())
                return path, held
        os.close(held)  # its owner has removed the file meanwhile


def _release_left_lock(journal: Path) -> None:
    """Remove the lock of Optuna's that a killed process has left on a journal.

    Optuna itself waits for half a minute, and for ever where the journal's path is relative.
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
    """What tells one lock from the next; None where there is none."""
    try:
        found = lock.lstat()
    except OSError:
        return None
    return found.st_ino, found.st_ctime_ns
