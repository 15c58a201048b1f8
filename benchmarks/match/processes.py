"""Runs in child processes, several at a time."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from concurrent.futures import as_completed

from crosstune.benchmarks.match.run import MatchTask, carry_out
from crosstune.errors import RequestError, RunError, described
from crosstune.system.child_processes import Children, Died, NotStarted
from crosstune.system.cores import shared_cores
from crosstune.system.extras import needing
from crosstune.system.main_guard import check_guarded


def carry_out_all(tasks: Sequence[MatchTask], jobs: int) -> Iterator[None]:
    """Carry out tasks, `jobs` at a time; yields when one is over.

    Functions of a module are sent by name, and those of the main script or of an interactive
    session by value. The child processes end with this one, even if it is killed. Otherwise one
    would continue its run in a file that the resumed match also writes.

    Raises:
        RequestError: an objective cannot be sent to a process, or the main script would start the
            match again in each process.
        RunError: a process died.
    """
    packed = [_packed(task) for task in tasks]
    check_guarded("a match with several jobs")
    with shared_cores(jobs):
        children = Children(jobs)
        whole = False
        try:
            left = [children.submit(_carry_out_packed, task) for task in packed]
            for future in as_completed(left):
                yield future.result()
            whole = True
        except NotStarted as error:
            raise RunError(
                "no process of the match can be started; its output is above. Each imports the "
                "main script, which must not raise an error then"
            ) from error
        except Died as error:
            raise RunError(
                "the process of a run was killed, perhaps for lack of memory, or its objective "
                "ended it. Results on file are kept, and the same command continues"
            ) from error
        finally:
            children.end(now=not whole)


def _packed(task: MatchTask) -> bytes:
    with needing("a match with several jobs", "crosstune[compare]", "cloudpickle"):
        import cloudpickle
    try:
        return bytes(cloudpickle.dumps(task))
    except Exception as error:  # raised by an object of the objective
        raise RequestError(
            "with several jobs an objective is sent to other processes. A function of a module can "
            f"be, and so can one without open files, locks or connections: {error}"
        ) from error


def _carry_out_packed(packed: bytes) -> None:
    try:
        task = pickle.loads(packed)
    except Exception as error:  # raised by the objective's module
        raise RunError(
            f"a process of the match cannot load the objective: {described(error)}"
        ) from error
    carry_out(task)
