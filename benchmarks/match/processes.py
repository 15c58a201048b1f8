"""Runs in processes of their own, several at a time."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from concurrent.futures import as_completed

from crosstune.benchmarks.match.run import Task, carry_out
from crosstune.children import Children, Died, NotStarted
from crosstune.cores import shared_cores
from crosstune.errors import RequestError, RunError


def carry_out_all(tasks: Sequence[Task], jobs: int) -> Iterator[None]:
    """Carry out tasks, `jobs` at a time; yields as each is over.

    The processes end with this one, however that is killed. Else one would go on with its run, in
    a file that the resumed match writes as well.

    Raises:
        RequestError: an objective cannot be sent to a process.
        RunError: a process died.
    """
    _check_can_be_sent(tasks)
    with shared_cores(jobs):
        children = Children(jobs)
        whole = False
        try:
            for future in as_completed([children.submit(carry_out, task) for task in tasks]):
                yield future.result()
            whole = True
        except NotStarted as error:
            raise RunError(
                "no process of a match can be started; what it wrote stands above. A script that "
                "runs a match with several jobs needs its own start under "
                "if __name__ == '__main__':, as each process imports it"
            ) from error
        except Died as error:
            raise RunError(
                "the process of a run was killed, perhaps for lack of memory. What is on file is "
                "kept: the same command goes on"
            ) from error
        finally:
            children.end(now=not whole)


def _check_can_be_sent(tasks: Sequence[Task]) -> None:
    for objective in {id(task.problem): task.problem.objective for task in tasks}.values():
        try:
            pickle.dumps(objective)
        except (TypeError, AttributeError, pickle.PicklingError) as error:
            raise RequestError(
                "with several jobs an objective is sent to other processes, so it has to be a "
                f"function of a module: {error}"
            ) from error
