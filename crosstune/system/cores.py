"""The cores of the machine, shared among processes that compute at the same time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""How numeric libraries are told how many threads they may use."""


@contextmanager
def shared_cores(processes: int) -> Iterator[None]:
    """Inside, processes that are started get their share each, where the user has not said."""
    share = str(max(1, (os.cpu_count() or 1) // processes))
    mine = [name for name in THREADS if name not in os.environ]
    os.environ.update(dict.fromkeys(mine, share))
    try:
        yield
    finally:
        for name in mine:
            os.environ.pop(name, None)
