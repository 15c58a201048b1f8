"""A cluster that crosstune starts answers to this process alone."""

from __future__ import annotations

import builtins
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
    with dask_executor(LOCAL, 0):
        yield distributed.default_client().cluster.scheduler


def test_a_client_without_the_certificate_of_the_run_is_refused(scheduler: Any) -> None:
    assert scheduler.address.startswith("tls://127.0.0.1:")
    plain = scheduler.address.replace("tls://", "tcp://")
    stranger = distributed.Security.temporary()
    for address, security in ((plain, None), (scheduler.address, stranger)):
        with pytest.raises(OSError, match="refused|closed|Timed out|Connection|TLS|expected"):
            distributed.Client(address, security=security, timeout=1, set_as_default=False)
    assert len(scheduler.clients) == 2  # of this run, and the scheduler's own


def test_no_page_shows_anything_of_a_run(scheduler: Any) -> None:
    server = scheduler.http_server
    assert server.address == "127.0.0.1"
    for page in ("status", "info/main/workers.html", "info/logs/", "json/counts.json", "health"):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"http://127.0.0.1:{server.port}/{page}", timeout=10)


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="looks into /proc")
def test_all_that_listens_does_so_on_the_loopback_interface(scheduler: Any) -> None:
    listening = [socket.inet_ntoa(_address(line)) for line in _listening(os.getpid())]
    assert listening
    assert set(listening) == {"127.0.0.1"}


def _listening(pid: int) -> list[str]:
    targets = {os.readlink(each) for each in _links(pid)}
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
            raise ImportError(name=name)
        return imported(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with (
        pytest.raises(MissingLibrary, match=r'cryptography.*pip install "crosstune\[dask\]"'),
        dask_executor(LOCAL, 0),
    ):
        pass
