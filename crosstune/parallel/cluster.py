"""A Dask cluster, as an executor."""

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
"""What to say for a cluster of this machine that lasts as long as the run."""

CONNECTING = 30
"""For how many seconds a scheduler may be silent."""

LOOK_AGAIN = 1.0
"""How old, in seconds, the number of a cluster's threads may be."""


@contextmanager
def dask_executor(
    address: str, workers: int | None
) -> Iterator[tuple[Executor, Callable[[], int]]]:
    """An executor on a cluster, and how many trials are worth having under way there.

    Workers may come and go: the number follows them. A local cluster takes connections with its own
    temporary certificate only, since whoever may connect may run code.

    Args:
        address: of a scheduler, such as tcp://10.0.0.1:8786, or `LOCAL`.
        workers: at most so many trials at a time; of a local cluster, its processes.

    Raises:
        RequestError: there is no scheduler.
        MissingLibrary: Dask, or what a local cluster is secured with, is not installed.
    """
    with needing("Dask", "crosstune[dask]", "distributed"):
        import distributed
    if address == LOCAL:
        with needing("a local Dask cluster", "crosstune[dask]", "cryptography"):
            import cryptography  # noqa: F401  (Dask makes the certificate with it)
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

    Its HTTP servers always listen, and check nobody: without routes they have nothing to show. Its
    workers keep what they spill, which is pickled, in a folder of this user alone. A worker ends
    with all that its trials have started.
    """
    import dask
    import distributed

    without_pages: dict[str, list[str]] = {
        f"distributed.{each}.http.routes": [] for each in ("scheduler", "worker")
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
    """Keep a cluster of our own from telling each step of its coming and going."""
    logger = logging.getLogger("distributed")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


def is_loopback(address: str) -> bool:
    """Whether a scheduler's address can be reached from its own machine alone."""
    host = urlsplit(address).hostname or ""
    return address == LOCAL or host in ("localhost", "::1") or host.startswith("127.")


def is_loss(error: Exception) -> bool:
    """Whether Dask gave a task up, as too many of its workers were lost."""
    distributed = sys.modules.get("distributed")
    return distributed is not None and isinstance(error, distributed.KilledWorker)


class _Threads:
    """How many threads a cluster has, asked now and then."""

    def __init__(self, client: Any, most: int | None):
        self._client = client
        self._most = most
        self._known = 1
        self._asked = 0.0

    def __call__(self) -> int:
        now = time.monotonic()
        if now - self._asked > LOOK_AGAIN:
            self._asked = now
            self._known = max(1, sum(self._client.nthreads().values()))
        return self._known if self._most is None else min(self._known, self._most)
