"""The pools that evaluate tasks for the driver."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from typing import Protocol

from crosstune.errors import CrosstuneError, RunError, described, message_of
from crosstune.parallel.cluster import is_loss
from crosstune.parallel.evaluate import evaluate
from crosstune.parallel.task import TaskOutcome, TrialTask


class Pool(Protocol):
    """Evaluates tasks, several at a time."""

    def capacity(self) -> int:
        """The number of trials to have under way, 1 or more. It may change."""

    def submit(self, task: TrialTask) -> Future[TaskOutcome]:
        """Evaluate a task when there is room."""

    def end(self, *, now: bool) -> None:
        """Release its resources; with `now` end the tasks that run, if it can."""


class UserExecutor:
    """An executor of the user's, which the run does not shut down.

    Args:
        executor: threads, spawned processes, loky, or Dask's `Client.get_executor()`.
        capacity: returns the number of tasks that it runs at once.
        complete: adds the address of the gate, and the recipe, to a task for another process.
        evaluate: the function that it runs.
    """

    def __init__(
        self,
        executor: Executor,
        capacity: Callable[[], int],
        complete: Callable[[TrialTask], TrialTask],
        evaluate: Callable[[TrialTask], TaskOutcome] = evaluate,
    ):
        self._executor = executor
        self._evaluate = evaluate
        self._capacity = capacity
        self._complete = complete
        self._futures: set[Future[TaskOutcome]] = set()

    def capacity(self) -> int:
        """The number that `capacity` returns, at least 1."""
        return max(1, self._capacity())

    def submit(self, task: TrialTask) -> Future[TaskOutcome]:
        """Submit a task to the executor.

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
        """Cancel the tasks that have not begun, if `now`."""
        if now:
            for future in list(self._futures):
                future.cancel()


def received(future: Future[TaskOutcome]) -> TaskOutcome:
    """The outcome of a future, also if the process that evaluated the trial was lost.

    Raises:
        RunError: the executor is broken, so that no trial can end well.
    """
    try:
        return future.result()
    except (BrokenExecutor, CancelledError) as error:
        raise broken(error) from error
    except CrosstuneError as error:
        return TaskOutcome("failed", error=message_of(error), fatal=error)
    except Exception as error:
        return TaskOutcome("failed", error=described(error), lost=is_loss(error))


def broken(error: BaseException) -> RunError:
    """The error for a broken executor."""
    return RunError(
        f"the executor is broken ({described(error)}), perhaps as one "
        "of its processes was killed. What is finished is kept. With workers= alone, or --workers, "
        "such a process costs one trial and not the run"
    )
