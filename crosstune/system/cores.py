"""Sharing the cores of the machine among processes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""Environment variables that limit the threads of numeric libraries."""


@contextmanager
def shared_cores(processes: int) -> Iterator[None]:
    """Give each process started in the block an equal share of the cores.

    Variables of `THREADS` that the user has set stay as they are.
    """
    share = str(max(1, (os.cpu_count() or 1) // processes))
    mine = [name for name in THREADS if name not in os.environ]
    os.environ.update(dict.fromkeys(mine, share))
    try:
        yield
    finally:
        for name in mine:
            os.environ.pop(name, None)


def usable_cores() -> int:
    """The number of cores that this process may use.

    >>> 1 <= usable_cores() <= (os.cpu_count() or 1)
    True
    """
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
