"""What evaluates tasks, as the driver sees it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from typing import Protocol

from crosstune.errors import CrosstuneError, RunError, described, message_of
from crosstune.parallel.cluster import is_loss
from crosstune.parallel.evaluate import evaluate
from crosstune.parallel.task import Outcome, Task


class Pool(Protocol):
    """Evaluates tasks, several at a time."""

    def capacity(self) -> int:
        """How many trials are worth having under way; 1 or more. It may change."""

    def submit(self, task: Task) -> Future[Outcome]:
        """Evaluate a task when there is room."""

    def end(self, *, now: bool) -> None:
        """Give back what it holds; with `now` end the tasks that run, as far as it can."""


class GivenExecutor:
    """An executor that the user made, and keeps.

    Args:
        executor: threads, spawned processes, loky, or what Dask's `Client.get_executor()` gives.
        capacity: says how many tasks it runs at once.
        complete: adds the way to the gate, and the recipe, to a task that leaves this process.
        evaluate: what it runs.
    """

    def __init__(
        self,
        executor: Executor,
        capacity: Callable[[], int],
        complete: Callable[[Task], Task],
        evaluate: Callable[[Task], Outcome] = evaluate,
    ):
        self._executor = executor
        self._evaluate = evaluate
        self._capacity = capacity
        self._complete = complete
        self._futures: set[Future[Outcome]] = set()

    def capacity(self) -> int:
        """As it was told."""
        return max(1, self._capacity())

    def submit(self, task: Task) -> Future[Outcome]:
        """Submit it.

        Raises:
            RunError: the executor takes nothing more.
        """
        try:
            future = self._executor.submit(self._evaluate, self._complete(task))
        except (BrokenExecutor, RuntimeError) as error:
            raise broken(error) from error
        self._futures.add(future)
        future.add_done_callback(self._futures.discard)
        return future

    def end(self, *, now: bool) -> None:
        """Cancel what has not begun; the executor itself is the user's."""
        if now:
            for future in list(self._futures):
                future.cancel()


def received(future: Future[Outcome]) -> Outcome:
    """How a trial went, whatever became of the process that evaluated it.

    Raises:
        RunError: the executor is broken, so that no trial will end well.
    """
    try:
        return future.result()
    except (BrokenExecutor, CancelledError) as error:
        raise broken(error) from error
    except CrosstuneError as error:
        return Outcome("failed", error=message_of(error), fatal=error)
    except Exception as error:
        return Outcome("failed", error=described(error), lost=is_loss(error))


def broken(error: BaseException) -> RunError:
    """What to say of an executor that takes or gives nothing more."""
    return RunError(
        f"the executor is broken ({described(error)}), perhaps as one "
        "of its processes was killed. What is finished is kept. With workers= alone, or --workers, "
        "such a process costs one trial and not the run"
    )
