"""Standard streams that may be full, closed or missing without ending a run.

Progress that cannot be written is dropped. Results are written to the stream itself; an error
there ends the command with exit status 1.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO


class Lossy:
    """A text stream that drops what cannot be written; other calls go to the wrapped stream.

    After an error nothing more is written, unless the reader was only slow.

    Args:
        behind: the wrapped stream; None if the process was started without one.
    """

    def __init__(self, behind: TextIO | None):
        self.behind = behind
        self._lost = behind is None

    def write(self, text: str) -> int:
        """Write or drop the text, and return its number of characters."""
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
        """Write or drop each line."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Flush the wrapped stream, or drop what it buffers."""
        if not self._lost:
            assert self.behind is not None
            try:
                self.behind.flush()
            except (OSError, ValueError) as error:
                self._lost = not isinstance(error, BlockingIOError)

    def isatty(self) -> bool:
        """Whether the wrapped stream is a terminal."""
        try:
            return self.behind is not None and self.behind.isatty()
        except ValueError:  # the stream is closed
            return False

    def __reduce__(self) -> tuple[Any, ...]:
        """The stream of the process that copies or unpickles it, such as within a log handler."""
        return _stream_here, ("stdout" if self is sys.stdout else "stderr",)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.behind, name)


def _stream_here(name: str) -> Any:
    return getattr(sys, name)


@contextmanager
def lossy_stderr() -> Iterator[None]:
    """Drop what cannot be written to stderr in the block, and silence broken streams after it.

    Streams that the process was started without are None again after the block, so that `print`
    is silent in the script of `crosstune exec`.
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
    """Drop what cannot be written to stdout in the block, such as an objective's prints."""
    before = sys.stdout
    sys.stdout = Lossy(before)
    try:
        yield
    finally:
        sys.stdout = before


def make_lossy() -> None:
    """Drop what cannot be written, for a process that writes no results."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if not isinstance(stream, Lossy):
            setattr(sys, name, Lossy(stream))


def is_broken(stream: TextIO | None) -> bool:
    """Whether a stream has buffered text that cannot be written."""
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
    """Open the standard descriptors that are closed, and return the names of the new streams.

    Otherwise the next opened file, such as a study's, would become the standard output. Writing to
    a new stream is an error, as before.
    """
    missing: list[str] = []
    for descriptor, name in ((0, None), (1, "stdout"), (2, "stderr")):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDONLY)  # takes the lowest free descriptor: this one
            if name is not None and getattr(sys, name) is None:
                setattr(sys, name, open(descriptor, "w", closefd=False))  # noqa: SIM115
                missing.append(name)
    return missing


def _give_up(stream: TextIO) -> None:
    """Discard what a stream could not write, so that Python does not report it at exit."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
        stream.flush()
    except (OSError, ValueError):
        pass
