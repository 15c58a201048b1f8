"""Child processes that evaluate trials: each may die, hang, or leave processes behind.

A child is spawned, and leads a process group. Its exit status tells that it died, since the pipes
of a process stay open in those that it forked. It ends, with its group, when this process ends,
even if this one is killed.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import pickle
import signal
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from queue import SimpleQueue
from typing import Any

from crosstune.errors import described
from crosstune.system import process_groups as groups
from crosstune.terminal.streams import make_lossy

WATCH = 0.2
"""Seconds between two checks whether a child or a parent is alive."""

ENDING = 10.0
"""Seconds that a child has for Python's shutdown, such as waiting for threads."""

_logger = logging.getLogger("crosstune")


class Died(Exception):
    """A child that ended without an answer."""


class NotStarted(Died):
    """A child that ended before its first call."""


class InChild(Exception):
    """The traceback of an error that was raised in a child."""


class Child:
    """A spawned process that calls functions, one after the other.

    Args:
        begin: called there first, with `args`; None for nothing.
    """

    def __init__(self, begin: Callable[..., object] | None = None, *args: Any):
        self._pipe, theirs = multiprocessing.Pipe()
        self._process = multiprocessing.get_context("spawn").Process(
            target=_serve, args=(theirs, begin, args)
        )
        self._process.start()
        theirs.close()

    @property
    def pid(self) -> int:
        """Its process id, which is also that of its group."""
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        """Its exit status; None while it runs."""
        return self._process.exitcode

    def call(self, function: Callable[..., Any], *args: Any, seconds: float | None = None) -> Any:
        """Call a function in the child, and return its result.

        Args:
            function: of a module, so that it can be pickled.
            args: its arguments.
            seconds: time limit; None for no limit.

        Raises:
            TimeoutError: the call took longer than `seconds`. The caller has to end the child.
            Died: the child ended meanwhile.
            BaseException: any exception of the function.
        """
        question = pickle.dumps((function, args))
        try:
            self._pipe.send_bytes(question)
            self._await_answer(seconds)
            received = self._pipe.recv_bytes()
        except TimeoutError:
            raise
        except (EOFError, OSError):
            raise Died from None
        answer, error, shown = pickle.loads(received)
        if error is not None:
            raise error from InChild(shown)
        return answer

    def _await_answer(self, seconds: float | None) -> None:
        until = None if seconds is None else time.monotonic() + seconds
        while True:
            left = WATCH if until is None else min(WATCH, until - time.monotonic())
            if left < 0:
                raise TimeoutError
            ended = self.poll() is not None
            if self._pipe.poll(left):
                return
            if ended:
                raise EOFError

    def dismiss(self) -> None:
        """Let it end when it is idle."""
        self._pipe.close()


def end_all(children: Sequence[Child], *, now: bool) -> None:
    """End children and all processes that they started, and wait for that.

    Args:
        now: end them in the middle of their calls. Otherwise each has `ENDING` seconds for Python's
            shutdown.
    """
    if not now:
        for child in children:
            child.dismiss()
        if not groups.wait_until(
            lambda: all(child.poll() is not None for child in children), ENDING
        ):
            _logger.warning(
                "a process that evaluated did not end within %g s, and is ended. It waits for a "
                "thread or a child that the objective has left",
                ENDING,
            )
    groups.end_groups(children)


class Children:
    """A pool of children, each of which handles one call at a time.

    Args:
        count: number of children, 1 or more.
        begin: called first in each; None for nothing.
    """

    def __init__(self, count: int, begin: Callable[..., object] | None = None):
        self._begin = begin
        self._ended = threading.Event()
        self._all: list[Child] = []
        self._free: SimpleQueue[Child | None] = SimpleQueue()
        for _ in range(count):
            self._free.put(None)
        self._threads = ThreadPoolExecutor(count, "crosstune-child")

    def submit(self, function: Callable[..., Any], *args: Any) -> Future[Any]:
        """The future answer of a call; see `Child.call`."""
        return self._threads.submit(self._call, function, args)

    def _call(self, function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        child = self._free.get()
        try:
            if child is None:
                child = self._started()
            return child.call(function, *args)
        finally:
            self._free.put(child)

    def _started(self) -> Child:
        child = Child(self._begin)
        self._all.append(child)
        try:
            if self._ended.is_set():
                raise Died
            child.call(os.getpid)
        except Died as died:
            raise NotStarted from died
        return child

    def end(self, *, now: bool) -> None:
        """End the children; with `now` in the middle of their calls."""
        self._ended.set()
        if now:
            end_all(list(self._all), now=True)
        self._threads.shutdown(cancel_futures=now)
        end_all(list(self._all), now=now)


def _serve(pipe: Connection, begin: Callable[..., object] | None, args: tuple[Any, ...]) -> None:
    """Answer calls in the child until its pipe is closed."""
    groups.lead_group()
    make_lossy()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=pipe.close)
    if begin is not None:
        begin(*args)
    while True:
        try:
            question = pipe.recv_bytes()
        except (EOFError, OSError):
            break
        pipe.send_bytes(_answer(question))
    # Executors that the objective left, such as joblib's, end their processes here. multiprocessing
    # calls this too, but only after it has waited for the child's own children.
    threading._shutdown()  # type: ignore[attr-defined]


def _end_with_parent() -> None:
    """End this process and its group when the parent ends, even if the parent is killed."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    while not wait([parent.sentinel], WATCH) and os.getppid() == parent.pid:
        pass
    groups.end_own_group()


def _answer(question: bytes) -> bytes:
    """The pickled result of a call, or its exception with the traceback."""
    try:
        function, args = pickle.loads(question)
        return pickle.dumps((function(*args), None, ""))
    except BaseException as error:
        shown = "\n" + traceback.format_exc()
        with suppress(Exception):
            packed = pickle.dumps((None, error, shown))
            pickle.loads(packed)
            return packed
        return pickle.dumps((None, RuntimeError(described(error)), shown))
