"""An executor that takes a worker for lost and runs its task again, as a cluster does."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any


class Reruns(ThreadPoolExecutor):
    """Threads. A task that calls `lose` runs again elsewhere, and its first result is dropped."""

    def __init__(self) -> None:
        super().__init__()
        self._latest: dict[Future[Any], int] = {}
        self._here = threading.local()
        self._begun = threading.Event()
        self._started: list[threading.Thread] = []

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self._start(future, 0, fn, args)
        return future

    def begin(self) -> None:
        """For the objective to say that an attempt has begun."""
        self._begun.set()

    def lose(self) -> None:
        """Run the task of this thread again; return when the next attempt has begun."""
        self._begun.clear()
        future, attempt, fn, args = self._here.task
        self._start(future, attempt + 1, fn, args)
        assert self._begun.wait(30)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        for thread in self._started:
            thread.join()

    def _start(self, future: Future[Any], attempt: int, fn: Any, args: Any) -> None:
        self._latest[future] = attempt

        def run() -> None:
            self._here.task = future, attempt, fn, args
            outcome = fn(*args)
            if self._latest[future] == attempt:
                future.set_result(outcome)

        self._started.append(threading.Thread(target=run))
        self._started[-1].start()
