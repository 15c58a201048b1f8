"""Processes of our own, each of which may die or hang without harm to the others."""

from __future__ import annotations

import itertools
import os
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from queue import SimpleQueue

from crosstune.errors import RunError
from crosstune.parallel.evaluate import evaluate, install
from crosstune.parallel.task import Outcome, Task, died, took_longer
from crosstune.parallel.trial_storage import Gate
from crosstune.system.child_processes import Child, Died, end_all
from crosstune.system.cores import shared_cores

UNBEGUN = 5
"""How often a task is tried whose process dies before it begins, and how often a process is started
while none has ever come up; one of a run that worked is started without end."""


class Processes:
    """Spawned processes, each of which evaluates one trial after the other.

    A trial whose process dies has failed, and so has one that takes longer than `trial_seconds`,
    whose process is ended. What it has started ends with it, and another process takes the place.

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
        self._ended = threading.Event()
        works = threading.Event()
        self._all = [_Process(recipe, works, self._ended) for _ in range(workers)]
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
        self._ended.set()
        if now:
            self._end_children(now=True)
        self._threads.shutdown(cancel_futures=now)
        self._end_children(now=now)
        self._shares.__exit__(None, None, None)

    def _end_children(self, *, now: bool) -> None:
        children = [each.child for each in self._all]  # which their threads may replace meanwhile
        end_all([child for child in children if child is not None], now=now)

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
        except Died:
            process.kill()
            if not self._ended.is_set() and self._gate.attempts(task.ticket) == begun:
                return None
            return died()


class _Process:
    """One process, which is started when it is needed and after each time that it died.

    Args:
        recipe: of the objective.
        works: set when any process of the run has come up.
        ended: set when no process is to be started any more.

    Attributes:
        child: None where there is none.
    """

    def __init__(self, recipe: bytes, works: threading.Event, ended: threading.Event):
        self._recipe = recipe
        self._works = works
        self._ended = ended
        self.child: Child | None = None

    def run(self, task: Task, limit: float | None) -> Outcome:
        """Evaluate a task.

        Raises:
            TimeoutError: it took longer than `limit` seconds.
            Died: the process ended, or the run did.
            RunError: no process can be started.
        """
        if self.child is None:
            self._start()
        assert self.child is not None
        outcome = self.child.call(evaluate, task, seconds=limit)
        assert isinstance(outcome, Outcome)
        return outcome

    def kill(self) -> None:
        """End the process and its group; `run` starts another."""
        child, self.child = self.child, None
        if child is not None:
            end_all([child], now=True)
            child.dismiss()

    def _start(self) -> None:
        for tried in itertools.count(1):
            if self._ended.is_set():
                raise Died
            try:
                self.child = Child(install, self._recipe)
                if self._ended.is_set():
                    raise Died
                self.child.call(os.getpid)
                self._works.set()
                return
            except Died as error:
                self.kill()
                if tried >= UNBEGUN and not self._works.is_set():
                    raise RunError(
                        "no worker process can be started; what it wrote stands above. A script "
                        "that starts workers needs its own start under "
                        "if __name__ == '__main__':, as each worker imports it"
                    ) from error
