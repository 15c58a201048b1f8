"""Runs in processes of their own, several at a time."""

from __future__ import annotations

import ast
import inspect
import pickle
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import as_completed
from pathlib import Path

from crosstune.benchmarks.match.run import Task, carry_out
from crosstune.children import Children, Died, NotStarted
from crosstune.cores import shared_cores
from crosstune.errors import RequestError, RunError
from crosstune.extras import needing


def carry_out_all(tasks: Sequence[Task], jobs: int) -> Iterator[None]:
    """Carry out tasks, `jobs` at a time; yields as each is over.

    Functions of a module go to a process by its name, and those of the main script or of an
    interactive session by value. The processes end with this one, however that is killed. Else one
    would go on with its run, in a file that the resumed match writes as well.

    Raises:
        RequestError: an objective cannot be sent to a process, or the main script would start the
            match again in each.
        RunError: a process died.
    """
    packed = [_packed(task) for task in tasks]
    _check_main_is_guarded()
    with shared_cores(jobs):
        children = Children(jobs)
        whole = False
        try:
            left = [children.submit(_carry_out_packed, each) for each in packed]
            for future in as_completed(left):
                yield future.result()
            whole = True
        except NotStarted as error:
            raise RunError(
                "no process of the match can be started; what it wrote stands above. Each imports "
                "the main script, which has to do so without an error"
            ) from error
        except Died as error:
            raise RunError(
                "the process of a run was killed, perhaps for lack of memory, or its objective "
                "ended it. What is on file is kept: the same command goes on"
            ) from error
        finally:
            children.end(now=not whole)


def _packed(task: Task) -> bytes:
    with needing("a match with several jobs", "crosstune[compare]", "cloudpickle"):
        import cloudpickle
    try:
        return bytes(cloudpickle.dumps(task))
    except Exception as error:  # of whatever the objective holds
        raise RequestError(
            "with several jobs an objective is sent to other processes. A function of a module can "
            f"be, and so can one without open files, locks or connections: {error}"
        ) from error


def _carry_out_packed(packed: bytes) -> None:
    try:
        task = pickle.loads(packed)
    except Exception as error:  # of a module that the objective is in
        raise RunError(
            f"a process of the match cannot load the objective: {type(error).__name__}: {error}"
        ) from error
    carry_out(task)


def _check_main_is_guarded() -> None:
    """Refuse a match that the main script starts as it is imported: each process imports it.

    Raises:
        RequestError: says where, and what to write.
    """
    main = sys.modules["__main__"]
    file = getattr(main, "__file__", None)
    module = getattr(getattr(main, "__spec__", None), "name", "")
    if file is None or not Path(file).is_file() or module.split(".")[-1] == "__main__":
        return  # which multiprocessing does not import
    line = _line_of(file)
    if line is None or _is_guarded(Path(file), line):
        return
    raise RequestError(
        f"{file}:{line}: a match with several jobs starts processes, each of which imports this "
        "script and would start the match again. Put what the script does under "
        'if __name__ == "__main__":, or leave jobs out'
    )


def _line_of(file: str) -> int | None:
    """At which line the main script stands now."""
    frame = inspect.currentframe()
    while frame is not None:
        if frame.f_code.co_name == "<module>" and frame.f_globals.get("__name__") == "__main__":
            return frame.f_lineno if frame.f_code.co_filename == file else None
        frame = frame.f_back
    return None


def _is_guarded(file: Path, line: int) -> bool:
    """True where the statement at a line is under a test of `__name__`."""
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError):
        return True
    return any(
        isinstance(each, ast.If)
        and "__name__" in ast.dump(each.test)
        and each.lineno <= line <= (each.end_lineno or each.lineno)
        for each in tree.body
    )
