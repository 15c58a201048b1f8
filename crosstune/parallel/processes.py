"""Processes of the run's own, each of which may die or hang without harm to the others."""

from __future__ import annotations

import itertools
import os
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from queue import SimpleQueue

from crosstune.errors import RunError
from crosstune.parallel.evaluate import evaluate, install
from crosstune.parallel.task import TaskOutcome, TrialTask, died, took_longer
from crosstune.parallel.trial_storage import Gate
from crosstune.system.child_processes import Child, Died, end_all
from crosstune.system.cores import shared_cores

UNBEGUN = 5
"""The number of tries of a task whose process dies before it begins, and of starts of a process
while none has ever come up. Once one has, processes are started without limit."""


class Processes:
    """Spawned processes, each of which evaluates one trial after the other.

    A trial whose process dies has failed, and so has one that takes longer than `trial_seconds`,
    whose process is ended. Its child processes end with it, and another process takes its place.

    Args:
        workers: the number of processes.
        gate: of the run.
        address: of the gate.
        recipe: of the objective.
        trial_seconds: the limit of a trial; None for no limit.
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
        """One trial per process."""
        return len(self._all)

    def submit(self, task: TrialTask) -> Future[TaskOutcome]:
        """Evaluate a task in the next process that is free."""
        return self._threads.submit(self._run, replace(task, address=self._address))

    def end(self, *, now: bool) -> None:
        """End the processes; with `now` in the middle of a trial."""
        self._ended.set()
        if now:
            self._end_children(now=True)
        self._threads.shutdown(cancel_futures=now)
        self._end_children(now=now)
        self._shares.__exit__(None, None, None)

    def _end_children(self, *, now: bool) -> None:
        children = [
            process.child for process in self._all
        ]  # which their threads may replace meanwhile
        end_all([child for child in children if child is not None], now=now)

    def _run(self, task: TrialTask) -> TaskOutcome:
        process = self._free.get()
        begun = self._gate.attempts(task.ticket)  # by processes before, which were lost
        try:
            for _ in range(UNBEGUN):
                outcome = self._try(process, task, begun)
                if outcome is not None:
                    return outcome
            return TaskOutcome("failed", error="its process died each time before it began")
        finally:
            self._free.put(process)

    def _try(self, process: _Process, task: TrialTask, begun: int) -> TaskOutcome | None:
        """The outcome; None if the process died before the trial was begun once more."""
        try:
            return process.run(task, self._limit)
        except TimeoutError:
            process.kill()
            assert self._limit is not None
            return TaskOutcome("failed", error=took_longer(self._limit))
        except Died:
            process.kill()
            if not self._ended.is_set() and self._gate.attempts(task.ticket) == begun:
                return None
            return died()


class _Process:
    """One process, which is started when it is needed, and again after it died.

    Args:
        recipe: of the objective.
        works: set when any process of the run has come up.
        ended: set when no process is to be started any more.

    Attributes:
        child: None while no process runs.
    """

    def __init__(self, recipe: bytes, works: threading.Event, ended: threading.Event):
        self._recipe = recipe
        self._works = works
        self._ended = ended
        self.child: Child | None = None

    def run(self, task: TrialTask, limit: float | None) -> TaskOutcome:
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
        assert isinstance(outcome, TaskOutcome)
        return outcome

    def kill(self) -> None:
        """End the process and its group; `run` starts another."""
        child, self.child = self.child, None
        if child is not None:
            end_all([child], now=True)
            child.dismiss()

    def _start(self) -> None:
        for starts in itertools.count(1):
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
                if starts >= UNBEGUN and not self._works.is_set():
                    raise RunError(
                        "no worker process can be started; what it wrote stands above. A script "
                        "that starts workers needs its own start under "
                        "if __name__ == '__main__':, as each worker imports it"
                    ) from error
