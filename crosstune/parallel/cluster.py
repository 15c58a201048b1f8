"""A Dask cluster as an executor."""

from __future__ import annotations

import logging
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import urlsplit

from crosstune.errors import RequestError
from crosstune.system.extras import needing

LOCAL = "local"
"""The address for a cluster of this machine that lasts as long as the run."""

CONNECTING = 30
"""Seconds to wait for a scheduler."""

LOOK_AGAIN = 1.0
"""Seconds before the number of a cluster's threads is read again."""


def check_dask(address: str) -> None:
    """Raise MissingLibrary if the libraries for a cluster at this address are not installed."""
    with needing("Dask", "crosstune[dask]", "distributed"):
        import distributed  # noqa: F401
    if address == LOCAL:
        with needing("a local Dask cluster", "crosstune[dask]", "cryptography"):
            import cryptography  # noqa: F401  (Dask makes the certificate with it)


@contextmanager
def dask_executor(
    address: str, workers: int | None
) -> Iterator[tuple[Executor, Callable[[], int]]]:
    """An executor on a cluster, and a function for the number of trials to have under way there.

    Workers may come and go: the number follows them. A local cluster takes connections with its own
    temporary certificate only, since whoever may connect may run code.

    Args:
        address: of a scheduler, such as tcp://10.0.0.1:8786, or `LOCAL`.
        workers: the most trials at a time; of a local cluster, the number of its processes.

    Raises:
        RequestError: no scheduler answers.
        MissingLibrary: Dask is not installed, or cryptography for a local cluster.
    """
    check_dask(address)
    import distributed

    with ExitStack() as stack:
        place: Any = address
        if address == LOCAL:
            stack.enter_context(_quiet())
            place = stack.enter_context(_local_cluster(workers))
        try:
            client = stack.enter_context(distributed.Client(place, timeout=CONNECTING))
        except (OSError, ValueError) as error:
            raise RequestError(
                f"there is no Dask scheduler at {address}: {error or type(error).__name__}. "
                "Start one with `dask scheduler`, or use 'local'"
            ) from error
        yield client.get_executor(pure=False), _Threads(client, workers)


@contextmanager
def _local_cluster(workers: int | None) -> Iterator[Any]:
    """A cluster of this machine that nobody else can reach.

    Its HTTP servers always listen and authenticate nobody, so they get no routes. Its workers spill
    pickles to a folder of this user alone. A worker ends with all processes of its trials.
    """
    import dask
    import distributed

    without_pages: dict[str, list[str]] = {
        f"distributed.{role}.http.routes": [] for role in ("scheduler", "worker")
    }
    with (
        tempfile.TemporaryDirectory(prefix="crosstune-") as folder,
        dask.config.set(without_pages),
        distributed.LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            host="127.0.0.1",
            security=True,
            dashboard_address=None,
            local_directory=folder,
            preload=["crosstune.parallel.dask_worker"],
            scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},  # the default is a fixed port
        ) as cluster,
    ):
        yield cluster


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the log of a local cluster while it starts and ends."""
    logger = logging.getLogger("distributed")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


def is_loopback(address: str) -> bool:
    """True if a scheduler's address can be reached from its own machine alone."""
    host = urlsplit(address).hostname or ""
    return address == LOCAL or host in ("localhost", "::1") or host.startswith("127.")


def is_loss(error: Exception) -> bool:
    """True if Dask gave a task up because too many of its workers were lost."""
    distributed = sys.modules.get("distributed")
    return distributed is not None and isinstance(error, distributed.KilledWorker)


class _Threads:
    """The number of threads of a cluster, read again after `LOOK_AGAIN` seconds."""

    def __init__(self, client: Any, most: int | None):
        self._client = client
        self._most = most
        self._count = 1
        self._read_at = 0.0

    def __call__(self) -> int:
        now = time.monotonic()
        if now - self._read_at > LOOK_AGAIN:
            self._read_at = now
            self._count = max(1, sum(self._client.nthreads().values()))
        return self._count if self._most is None else min(self._count, self._most)
