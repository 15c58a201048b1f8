"""The folder that the processes of one script under `exec` share.

It has files for the lines that were written, the locks of studies, and finished studies.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import tempfile
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_VARIABLE = "CROSSTUNE_EXEC_SAID"
"""The environment variable that names the folder, which the script's processes inherit."""

_turn = threading.RLock()
_started = time.time()


def _reset() -> None:
    global _started, _turn
    _started = time.time()
    _turn = threading.RLock()  # A thread of the parent may have locked the old one.


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_reset)


def make_folder() -> None:
    """Make the folder for this process and those that it starts; removed when this one ends."""
    try:
        folder = os.environ[_VARIABLE] = tempfile.mkdtemp(prefix="crosstune-exec-")
    except OSError:  # No place for files: the processes share nothing.
        return
    process = os.getpid()

    def remove() -> None:
        if os.getpid() == process:  # A fork of it runs this as well.
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(remove)


def first(kind: str, text: str) -> bool:
    """True for the first of the script's processes that calls it with this kind and text."""
    file = _file(kind, text)
    if file is None:
        return True
    try:
        file.touch(exist_ok=False)
    except FileExistsError:
        return False
    except OSError:  # The first process has ended, and took the folder along.
        pass
    return True


def before(kind: str, text: str) -> bool:
    """True if this process started before `first` was called with this kind and text."""
    file = _file(kind, text)
    try:
        return file is not None and _started < file.stat().st_mtime
    except OSError:
        return False


@contextlib.contextmanager
def turn(text: str) -> Iterator[None]:
    """Only one thread of the script's processes at a time is inside with the same text."""
    file = _file("turn", text)
    with _turn:
        if file is None or fcntl is None:
            yield
            return
        try:
            lock = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            yield
            return
        try:
            with contextlib.suppress(OSError):  # a file system without such locks
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            with contextlib.suppress(OSError):  # A fork may have the file open as well.
                fcntl.flock(lock, fcntl.LOCK_UN)
            os.close(lock)


def _file(kind: str, text: str) -> Path | None:
    folder = os.environ.get(_VARIABLE)
    return None if folder is None else Path(folder, f"{kind}-{zlib.crc32(text.encode()):08x}")
