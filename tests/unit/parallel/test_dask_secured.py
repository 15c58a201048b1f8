"""A cluster that crosstune starts answers to this process alone."""

from __future__ import annotations

import builtins
import multiprocessing
import os
import socket
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crosstune.errors import MissingLibrary
from crosstune.parallel.cluster import LOCAL, dask_executor

distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def scheduler() -> Iterator[Any]:
    with dask_executor(LOCAL, 1):
        client = distributed.default_client()
        client.wait_for_workers(1)
        yield client.cluster.scheduler


def test_a_client_without_the_certificate_of_the_run_is_refused(scheduler: Any) -> None:
    assert scheduler.address.startswith("tls://127.0.0.1:")
    plain = scheduler.address.replace("tls://", "tcp://")
    stranger = distributed.Security.temporary()
    for address, security in ((plain, None), (scheduler.address, stranger)):
        with pytest.raises(OSError, match="refused|closed|Timed out|Connection|TLS|expected"):
            distributed.Client(address, security=security, timeout=1, set_as_default=False)
    assert len(scheduler.clients) == 2  # of this run, and the scheduler's own


def test_no_page_shows_anything_of_a_run(scheduler: Any) -> None:
    (worker,) = scheduler.workers.values()
    pages = ("status", "info/main/workers.html", "json/counts.json", "metrics", "health")
    for port in (scheduler.http_server.port, worker.services["dashboard"]):
        for page in pages:
            with pytest.raises(urllib.error.HTTPError, match="404"):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/{page}", timeout=10)


def test_what_a_worker_spills_is_in_a_folder_of_this_user_alone(scheduler: Any) -> None:
    (worker,) = scheduler.workers.values()
    folders = [each for each in Path(worker.local_directory).parents if "crosstune-" in each.name]
    assert folders[0].stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="looks into /proc")
def test_all_that_listens_does_so_on_the_loopback_interface(scheduler: Any) -> None:
    processes = [os.getpid(), *(each.pid or 0 for each in multiprocessing.active_children())]
    lines = [line for process in processes for line in _listening(process)]
    listening = [socket.inet_ntoa(_address(line)) for line in lines]
    assert len(listening) >= 5  # of the scheduler, the worker, and its nanny
    assert set(listening) == {"127.0.0.1"}


def _listening(pid: int) -> list[str]:
    targets = {str(each.readlink()) for each in _links(pid)}
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    lines += Path("/proc/net/tcp6").read_text().splitlines()[1:]
    fields = [line.split() for line in lines]
    return [each[1] for each in fields if each[3] == "0A" and f"socket:[{each[9]}]" in targets]


def _links(pid: int) -> Iterator[Path]:
    for each in Path(f"/proc/{pid}/fd").iterdir():
        if each.is_symlink():
            yield each


def _address(shown: str) -> bytes:
    return int(shown.partition(":")[0], 16).to_bytes(4, sys.byteorder)


def test_a_missing_cryptography_is_said_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    imported = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.partition(".")[0] == "cryptography":
            raise ModuleNotFoundError(name=name)
        return imported(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with (
        pytest.raises(MissingLibrary, match=r'cryptography.*pip install "crosstune\[dask\]"'),
        dask_executor(LOCAL, 1),
    ):
        pass
