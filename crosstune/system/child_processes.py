"""Processes that evaluate for this one: each may die, hang, or leave others behind.

A child is spawned, and leads a process group. Its death is seen by its exit status, since the
pipes of a process stay open in those that it has forked. It ends with this process, however that
is killed, and takes its group with it.
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
"""How often, in seconds, it is seen whether a child, or a parent, still lives."""


ENDING = 10.0
"""How many seconds a child has for what Python does at its end, such as waiting for threads."""

_logger = logging.getLogger("crosstune")


class Died(Exception):
    """A child that has ended, and gives no answer."""


class NotStarted(Died):
    """A child that ended before it could begin."""


class InChild(Exception):
    """The traceback of an error that was raised in a child."""


class Child:
    """A spawned process that calls functions, one after the other.

    Args:
        begin: called there first, with `args`.
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
        """Its number, and that of the group which it leads."""
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        """Its exit status; None while it runs."""
        return self._process.exitcode

    def call(self, function: Callable[..., Any], *args: Any, seconds: float | None = None) -> Any:
        """What a function of a module returns there.

        Raises:
            TimeoutError: it took longer than `seconds`. The child is to be ended.
            Died: the child ended meanwhile.
            BaseException: what the function raised.
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
        """Let it end when it has nothing to do."""
        self._pipe.close()


def end_all(children: Sequence[Child], *, now: bool) -> None:
    """End children with all that they have started, and wait until they have ended.

    Args:
        now: in the middle of their calls. Else each may first do what Python does at its end, for
            `ENDING` seconds.
    """
    if not now:
        for child in children:
            child.dismiss()
        if not groups.wait_until(lambda: all(each.poll() is not None for each in children), ENDING):
            _logger.warning(
                "a process that evaluated did not end within %g s, and is ended. It waits for a "
                "thread or a child that the objective has left",
                ENDING,
            )
    groups.end_groups(children)


class Children:
    """Children that share calls, each busy with one at a time.

    Args:
        count: how many.
        begin: called first in each.
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
    """What a child does, until its pipe is closed."""
    groups.lead_group()
    make_lossy()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent says what Ctrl-C ends
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
    # Python's own end: executors that the objective left, such as joblib's, end their processes
    # here. A process of multiprocessing calls it too, but only when it has waited for its children.
    threading._shutdown()  # type: ignore[attr-defined]


def _end_with_parent() -> None:
    """End this process, and its group, when the one that spawned it ends, however it is killed."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    while not wait([parent.sentinel], WATCH) and os.getppid() == parent.pid:
        pass
    groups.end_own_group()


def _answer(question: bytes) -> bytes:
    """What a call returned, or raised with its traceback."""
    try:
        function, args = pickle.loads(question)
        return pickle.dumps((function(*args), None, ""))
    except BaseException as error:
        shown = "\n" + traceback.format_exc()
        with suppress(Exception):
            packed = pickle.dumps((None, error, shown))
            pickle.loads(packed)
            return packed
        told = RuntimeError(described(error))
        return pickle.dumps((None, told, shown))
