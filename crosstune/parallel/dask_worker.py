"""Loaded first by a worker of a local Dask cluster: ends the processes of its trials with it.

A worker whose driver is killed leaves by `os._exit`, or may be killed itself. So another process of
its group waits for its end. It runs this file alone, and imports nothing of crosstune or Dask.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

WATCH = 0.2
"""Seconds between two checks that the worker lives."""


def dask_setup(worker: object) -> None:
    """Called by Dask in the process of the worker. Windows has no groups."""
    if not hasattr(os, "killpg"):
        return
    from crosstune.system.process_groups import lead_group

    lead_group()
    nothing = subprocess.DEVNULL
    subprocess.Popen(
        [sys.executable, "-I", "-S", __file__, str(os.getpid())],
        stdin=nothing,
        stdout=nothing,
        stderr=nothing,
    )


def _end_with(worker: int) -> None:
    """Wait until the parent of this process has ended, and end its group."""
    while os.getppid() == worker:
        time.sleep(WATCH)
    os.killpg(worker, signal.SIGKILL)


if __name__ == "__main__":
    _end_with(int(sys.argv[1]))
