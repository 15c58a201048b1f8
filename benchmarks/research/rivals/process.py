"""A rival's process, asked over its standard streams: a JSON line there, and a JSON line back."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import weakref
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import wait
from typing import IO, Any

from crosstune.errors import RunError
from crosstune.system import process_groups as groups
from crosstune.system.child_processes import WATCH

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
"""Set to 1, so that a search is the same on every machine and its cost is that of one core."""

ENDS = 5.0
"""How many seconds a process has to end by itself, once its input is closed."""


class RivalProcess:
    """A running rival.

    Args:
        name: of the rival, for messages.
        command: what starts it.

    Attributes:
        seconds: CPU seconds of each proposal so far, as the rival's own process counts them.
    """

    def __init__(self, name: str, command: Sequence[str]):
        self.name = name
        self.seconds: list[float] = []
        self._said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (ends with the process)
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._said,
                text=True,
                encoding="utf-8",
                env={**_surroundings(), **dict.fromkeys(THREADS, "1")},
                start_new_session=True,
            )
        except OSError as error:
            raise RunError(f"{name} could not be started: {error}") from error
        self.close = weakref.finalize(self, _end, self._process, self._said)

    def call(self, **question: Any) -> dict[str, Any]:
        """The answer to a question.

        Raises:
            RunError: the process has ended, or its answer is no JSON object. Its own last words
                are in the message.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(question) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline() if self._has_answered() else ""
        except BrokenPipeError:
            line = ""
        if not line:
            status = self._process.wait()
            raise RunError(
                f"{self.name} ended at {question['do']!r} with exit status {status}. "
                f"It said last: {self._last_words()}"
            )
        try:
            answer = json.loads(line)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise RunError(
                f"{self.name} answered {question['do']!r} with {line.strip()[:200]!r}, which is no "
                "JSON object. Only serve.py may write to its standard output"
            )
        if "cpu" in answer:
            self.seconds.append(float(answer["cpu"]))
        return answer

    def _has_answered(self) -> bool:
        """Wait for an answer; False if the process ends without one.

        What it has forked may keep its output open. Windows has no forks, and waits for no pipe.
        """
        assert self._process.stdout is not None
        ended = False
        while os.name == "posix" and not wait([self._process.stdout.fileno()], WATCH):
            if ended:
                return False
            ended = self._process.poll() is not None
        return True

    def _last_words(self) -> str:
        self._said.seek(0, os.SEEK_END)
        self._said.seek(max(0, self._said.tell() - 4000))
        lines = self._said.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "nothing"


def _surroundings() -> dict[str, str]:
    """This process's variables, without those that would lend the rival this Python's packages."""
    return {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}


def _end(process: subprocess.Popen[str], said: IO[bytes]) -> None:
    """Close its input, upon which it ends; end it where it does not, and what it has started."""
    assert process.stdin is not None
    assert process.stdout is not None
    with suppress(BrokenPipeError):  # it has ended already
        process.stdin.close()
    groups.wait_until(lambda: process.poll() is not None, ENDS)
    groups.end_groups([process])
    process.stdout.close()
    said.close()
