"""The way from a worker to the driver's gate: Optuna's gRPC storage proxy.

On one machine it is a socket in a folder that only this user may enter, so nobody else can reach
it; on a system without such sockets it is the loopback interface. Another host is used only if the
user names one.
"""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from optuna.storages import BaseStorage, GrpcStorageProxy

from crosstune import _optuna
from crosstune.errors import RequestError
from crosstune.system.extras import needing

LOOPBACK = "127.0.0.1"
_NO_PROXY = "no_grpc_proxy"
_MODULES = ("cloudpickle", "google", "grpc")
_connecting = threading.Lock()


def check_installed(extra: str = "parallel") -> None:
    """Raise MissingLibrary if the channel's libraries are not installed; `extra` has them."""
    with needing("a worker outside this process", f"crosstune[{extra}]", *_MODULES):
        import cloudpickle  # noqa: F401
        import google.protobuf  # noqa: F401
        import grpc  # noqa: F401


@contextmanager
def open_to_workers(gate: BaseStorage, host: str | None) -> Iterator[str]:
    """Serve a gate; the address is for `connect`.

    Args:
        gate: answers the workers.
        host: the address of this machine under which other machines reach it; None for workers
            on this one.

    Raises:
        RequestError: nothing can listen there.
    """
    check_installed()
    folder = None
    if host is None and hasattr(socket, "AF_UNIX"):
        folder = tempfile.mkdtemp(prefix="crosstune-")  # of mode 0700
        host, port = f"unix:{folder}/gate", 0  # gRPC takes all after "unix:" for the path
    else:
        host = host or LOOPBACK
        port = _free_port(host)
    try:
        server = _optuna.grpc_server(gate, host, port)
        server.start()
        try:
            yield f"{host}:{port}"
        finally:
            server.stop(grace=0)
    except RuntimeError as error:
        if "bind" not in str(error):
            raise
        raise RequestError(f"workers cannot be served on {host}:{port}: {error}") from error
    finally:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def connect(address: str) -> BaseStorage:
    """The gate at an address; one connection for all tasks of a process."""
    with _connecting:
        return _connect(address)


@lru_cache(maxsize=4)
def _connect(address: str) -> BaseStorage:
    host, _, port = address.rpartition(":")
    if not host.startswith("unix:"):
        # gRPC would send even a local call through the proxy of the environment.
        hosts = [os.environ.get(_NO_PROXY, ""), host.strip("[]")]
        os.environ[_NO_PROXY] = ",".join(filter(None, hosts))
    with _optuna.unwarned():
        return GrpcStorageProxy(host=host, port=int(port))


def _free_port(host: str) -> int:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            probe.bind((host.strip("[]"), 0))
            return int(probe.getsockname()[1])
    except OSError as error:
        raise RequestError(
            f"workers cannot be served on {host!r}: {error.strerror or error}. It has to be an "
            "address of this machine"
        ) from error
