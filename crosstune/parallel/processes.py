"""Processes of our own, each of which may die or hang without harm to the others."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
import threading
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor, TimeoutError
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import replace
from queue import SimpleQueue

from crosstune.cores import shared_cores
from crosstune.errors import RunError
from crosstune.parallel.gate import Gate
from crosstune.parallel.task import Outcome, Task, died, took_longer
from crosstune.parallel.work import evaluate, install

UNBEGUN = 5
"""How often a task is tried whose process dies before it begins, and how often a process is started
while none has ever come up; one of a run that worked is started without end."""


class Processes:
    """Spawned processes: each has an executor to itself, so that one that dies breaks no other.

    A trial whose process dies has failed, and so has one that takes longer than `trial_seconds`,
    whose process is killed. Another process takes the place.

    Args:
        workers: how many.
        gate: of the run.
        address: of the gate.
        recipe: of the objective.
        trial_seconds: the limit of a trial; None for none.
    """

    def __init__(
        self,
        workers: int,
        *,
        gate: Gate,
        address: str,
        recipe: bytes,
        trial_seconds: float | None = None,
    ):
        self._gate = gate
        self._address = address
        self._limit = trial_seconds
        self._ended = False
        works = threading.Event()
        self._all = [_Process(recipe, works) for _ in range(workers)]
        self._free: SimpleQueue[_Process] = SimpleQueue()
        for process in self._all:
            self._free.put(process)
        self._threads = ThreadPoolExecutor(workers, "crosstune-worker")
        self._shares = shared_cores(workers)
        self._shares.__enter__()

    def capacity(self) -> int:
        """One trial a process."""
        return len(self._all)

    def submit(self, task: Task) -> Future[Outcome]:
        """Evaluate it in the next process that is free."""
        return self._threads.submit(self._run, replace(task, address=self._address))

    def end(self, *, now: bool) -> None:
        """End the processes; with `now` in the middle of what they do."""
        self._ended = True
        if now:
            for process in self._all:
                process.kill()
        self._threads.shutdown(cancel_futures=now)
        for process in self._all:
            process.end()
        self._shares.__exit__(None, None, None)

    def _run(self, task: Task) -> Outcome:
        process = self._free.get()
        begun = self._gate.attempts(task.ticket)  # by processes before, which were lost
        try:
            for _ in range(UNBEGUN):
                outcome = self._try(process, task, begun)
                if outcome is not None:
                    return outcome
            return Outcome("failed", error="its process died each time before it began")
        finally:
            self._free.put(process)

    def _try(self, process: _Process, task: Task, begun: int) -> Outcome | None:
        """How it went; None where the process died before the trial was begun once more."""
        try:
            return process.run(task, self._limit)
        except TimeoutError:
            process.kill()
            assert self._limit is not None
            return Outcome("failed", error=took_longer(self._limit))
        except BrokenProcessPool:
            process.kill()
            if not self._ended and self._gate.attempts(task.ticket) == begun:
                return None
            return died()


class _Process:
    """One process, which is started when it is needed and after each time that it died.

    Args:
        recipe: of the objective.
        works: set when any process of the run has come up.
    """

    def __init__(self, recipe: bytes, works: threading.Event):
        self._recipe = recipe
        self._works = works
        self._executor: ProcessPoolExecutor | None = None
        self._pid: int | None = None

    def run(self, task: Task, limit: float | None) -> Outcome:
        """Evaluate a task.

        Raises:
            TimeoutError: it took longer than `limit` seconds.
            BrokenProcessPool: the process died.
            RunError: no process can be started.
        """
        if self._executor is None:
            self._start()
        assert self._executor is not None
        return self._executor.submit(evaluate, task).result(limit)

    def kill(self) -> None:
        """End the process at once; `run` starts another."""
        executor, self._executor = self._executor, None
        if self._pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self._pid, getattr(signal, "SIGKILL", signal.SIGTERM))
            self._pid = None
        if executor is not None:
            executor.shutdown(wait=False, cancel_futures=True)

    def end(self) -> None:
        """End the process when it has nothing to do."""
        if self._executor is not None:
            self._executor.shutdown()
            self._executor = self._pid = None

    def _start(self) -> None:
        spawn = multiprocessing.get_context("spawn")
        for tried in itertools.count(1):
            self._executor = ProcessPoolExecutor(1, spawn, _begin, (self._recipe,))
            try:
                self._pid = self._executor.submit(os.getpid).result()
                self._works.set()
                return
            except BrokenProcessPool as error:
                self.kill()
                if tried >= UNBEGUN and not self._works.is_set():
                    raise RunError(
                        "no worker process can be started; what it wrote stands above. A script "
                        "that starts workers needs its own start under "
                        "if __name__ == '__main__':, as each worker imports it"
                    ) from error


def _begin(recipe: bytes) -> None:
    """What a process does first."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all; the driver ends this one
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)  # a driver that was killed wants no more of this trial

    threading.Thread(target=watch, daemon=True).start()
    install(recipe)
