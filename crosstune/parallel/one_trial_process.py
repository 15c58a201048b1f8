"""One trial in a process of its own, which is ended if it takes too long.

For the workers of a cluster: a task there runs in a thread of a worker, which nothing can end, and
a worker may have no children by `multiprocessing`. So the task starts an interpreter, which
evaluates the trial and ends, with all processes that it has started. It reports to the driver like
any other, ends with its worker, and has the worker's module path.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from crosstune.parallel.evaluate import evaluate
from crosstune.parallel.task import TaskOutcome, TrialTask, died, took_longer
from crosstune.system import process_groups as groups
from crosstune.system.child_processes import ENDING

_TASK, _OUTCOME = "task", "outcome"


def evaluate_alone(task: TrialTask, *, seconds: float) -> TaskOutcome:
    """Evaluate a trial in a process that is started for it.

    Args:
        task: with the address of the gate and the recipe.
        seconds: from the beginning of the trial until the process is ended.
    """
    with tempfile.TemporaryDirectory(prefix="crosstune-") as folder:
        (Path(folder) / _TASK).write_bytes(pickle.dumps(task))
        modules = os.pathsep.join(filter(None, sys.path))
        with subprocess.Popen(
            [sys.executable, "-m", __name__, folder],
            stdin=subprocess.PIPE,  # held open as long as this process lives
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": modules},
            start_new_session=True,
        ) as process:
            outcome = Path(folder) / _OUTCOME
            try:
                assert process.stdout is not None
                process.stdout.read()  # closed when the trial begins, or the process is dead
                if not groups.wait_until(lambda: outcome.exists() or _is_over(process), seconds):
                    return TaskOutcome("failed", error=took_longer(seconds))
                # It may have left a thread, which Python waits for.
                groups.wait_until(lambda: _is_over(process), ENDING)
            finally:
                groups.end_groups([process])
        try:
            result = pickle.loads(outcome.read_bytes())
        except FileNotFoundError:
            return died()
    assert isinstance(result, TaskOutcome)
    return result


def _is_over(process: subprocess.Popen[bytes]) -> bool:
    return process.poll() is not None


def _main(folder: Path) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all; the worker ends this one
    threading.Thread(target=_end_with_parent, daemon=True).start()
    task = pickle.loads((folder / _TASK).read_bytes())
    os.dup2(2, 1)  # what the objective prints goes to the worker's log; and the trial begins
    content = pickle.dumps(evaluate(task))
    new = folder / f"{_OUTCOME}.new"
    new.write_bytes(content)
    new.replace(folder / _OUTCOME)


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    groups.end_own_group()


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
