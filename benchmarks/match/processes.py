"""Runs in processes of their own, several at a time."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool

from crosstune.benchmarks.match.run import Task, carry_out
from crosstune.cores import shared_cores
from crosstune.errors import RequestError, RunError


def carry_out_all(tasks: Sequence[Task], jobs: int) -> Iterator[None]:
    """Carry out tasks, `jobs` at a time; yields as each is over.

    Raises:
        RequestError: an objective cannot be sent to a process.
        RunError: a process died.
    """
    _check_can_be_sent(tasks)
    spawn = multiprocessing.get_context("spawn")
    with shared_cores(jobs), ProcessPoolExecutor(jobs, spawn, _end_with_the_match) as pool:
        left = [pool.submit(carry_out, task) for task in tasks]
        try:
            for future in as_completed(left):
                yield future.result()
        except BrokenProcessPool as error:
            raise RunError(
                "the process of a run was killed, perhaps for lack of memory. What is on file is "
                "kept: the same command goes on"
            ) from error
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _end_with_the_match() -> None:
    """End this process when the one that started it does, however that was killed.

    Else it would go on with its run, in a file that the resumed match writes as well.
    """
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _check_can_be_sent(tasks: Sequence[Task]) -> None:
    for objective in {id(task.problem): task.problem.objective for task in tasks}.values():
        try:
            pickle.dumps(objective)
        except (TypeError, AttributeError, pickle.PicklingError) as error:
            raise RequestError(
                "with several jobs an objective is sent to other processes, so it has to be a "
                f"function of a module: {error}"
            ) from error
