"""The runs of a verification, in this process or in several."""

from __future__ import annotations

import logging
import pickle
from collections.abc import Generator, Sequence
from concurrent.futures import as_completed

import optuna

from crosstune.errors import RunError
from crosstune.proofs.side_by_side import SeedRun, SeedTask, run_task
from crosstune.space.space import Space
from crosstune.system.child_processes import Children, Died
from crosstune.system.cores import shared_cores


def pack(space: Space) -> bytes | None:
    """The pickled space, or None if it cannot be pickled, such as with a local function."""
    try:
        return pickle.dumps(space)
    except Exception:
        return None


def run_here(tasks: Sequence[SeedTask], space: Space) -> Generator[tuple[SeedTask, SeedRun]]:
    """Each task with its result. The other tasks of a sampler that refuses one are skipped."""
    refused = set()
    for task in tasks:
        if task.name not in refused:
            run = run_task(task, space)
            if run.refused is not None:
                refused.add(task.name)
            yield task, run


def run_in_processes(
    tasks: Sequence[SeedTask], space: bytes, jobs: int
) -> Generator[tuple[SeedTask, SeedRun]]:
    """Like `run_here`, but `jobs` tasks at a time, yielded as they finish.

    Args:
        tasks: to run.
        space: the result of `pack`.
        jobs: number of processes, 1 or more.

    Raises:
        RunError: a process died.
    """
    # Threads of numeric libraries that wait for a core burn CPU time.
    with shared_cores(jobs):
        children = Children(jobs, _silence)
        whole = False
        try:
            futures = {children.submit(_run_packed, task, space): task for task in tasks}
            refused = set()
            for future in as_completed(futures):
                task = futures[future]
                if future.cancelled() or task.name in refused:
                    continue
                run = future.result()
                if run.refused is not None:
                    refused.add(task.name)
                    for other, its in futures.items():
                        if its.name == task.name:
                            other.cancel()
                yield task, run
            whole = True
        except Died as error:
            raise RunError(
                "a process of crosstune verify died, perhaps for lack of memory. --jobs 1 runs "
                "everything in one process"
            ) from error
        finally:
            children.end(now=not whole)


def _run_packed(task: SeedTask, space: bytes) -> SeedRun:
    loaded: Space = pickle.loads(space)
    return run_task(task, loaded)


def _silence() -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    logging.getLogger("crosstune").setLevel(logging.ERROR)
