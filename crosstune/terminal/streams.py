"""Standard streams that may be full, closed or gone, which must not end a run.

Progress that cannot be written is dropped. A result is written as it is; an error there ends the
command with exit status 1.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO


class Lossy:
    """A text stream that drops what cannot be written; in all else it is the stream behind it.

    After an error nothing more is written, except where the reader was only slow.

    Args:
        behind: the stream; None where the process was started without one.
    """

    def __init__(self, behind: TextIO | None):
        self.behind = behind
        self._lost = behind is None

    def write(self, text: str) -> int:
        """Write the text, or drop it; the number of its characters."""
        if not self._lost:
            assert self.behind is not None
            try:
                self.behind.write(text)
            except UnicodeError:
                raise
            except (OSError, ValueError) as error:
                self._lost = not isinstance(error, BlockingIOError)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write or drop each."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Pass on what was written, or drop it."""
        if not self._lost:
            assert self.behind is not None
            try:
                self.behind.flush()
            except (OSError, ValueError) as error:
                self._lost = not isinstance(error, BlockingIOError)

    def isatty(self) -> bool:
        """Whether a terminal is behind it."""
        try:
            return self.behind is not None and self.behind.isatty()
        except ValueError:  # it is closed
            return False

    def __reduce__(self) -> tuple[Any, ...]:
        """The stream of the process in which it is copied or unpickled, as a log handler is."""
        return _stream_here, ("stdout" if self is sys.stdout else "stderr",)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.behind, name)


def _stream_here(name: str) -> Any:
    return getattr(sys, name)


@contextmanager
def lossy_stderr() -> Iterator[None]:
    """Drop what cannot be written to stderr in the block, and leave streams that end quietly.

    Streams that the process was started without are missing again after it, for the script of
    `crosstune exec`, in which `print` is then silent.
    """
    missing = _open_missing()
    before = sys.stderr
    sys.stderr = Lossy(before)
    try:
        yield
    finally:
        sys.stderr = before
        for stream in (sys.stdout, sys.stderr):
            if is_broken(stream):
                _give_up(stream)
        for name in missing:
            setattr(sys, name, None)


@contextmanager
def lossy_stdout() -> Iterator[None]:
    """Drop what an objective cannot print in the block; results are written after it."""
    before = sys.stdout
    sys.stdout = Lossy(before)
    try:
        yield
    finally:
        sys.stdout = before


def make_lossy() -> None:
    """Drop what this process, which writes no result, cannot print from now on."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if not isinstance(stream, Lossy):
            setattr(sys, name, Lossy(stream))


def is_broken(stream: TextIO | None) -> bool:
    """Whether a stream has something that cannot be written."""
    if stream is None:
        return False
    try:
        stream.flush()
    except BlockingIOError:
        return False
    except (OSError, ValueError):
        return True
    return False


def _open_missing() -> list[str]:
    """Open the standard descriptors with which the process was not started; the names in `sys`.

    The next file that is opened, such as a study's, would become the standard output else. What is
    written to this one is an error, as it was.
    """
    missing: list[str] = []
    for descriptor, name in ((0, None), (1, "stdout"), (2, "stderr")):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDONLY)  # the lowest that is free, which is this one
            if name is not None and getattr(sys, name) is None:
                setattr(sys, name, open(descriptor, "w", closefd=False))  # noqa: SIM115
                missing.append(name)
    return missing


def _give_up(stream: TextIO) -> None:
    """Send what a stream could not write nowhere, so that Python ends without a word on it."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
        stream.flush()
    except (OSError, ValueError):
        pass
