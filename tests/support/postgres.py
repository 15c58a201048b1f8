"""A PostgreSQL server for the tests: installed where it is missing, in a temporary folder."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PASSWORD = "hunter2"


class NoServer(Exception):
    """PostgreSQL is not here, and cannot be installed."""


def _program(name: str) -> str | None:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(found[-1]) if found else shutil.which(name)


def _installed() -> tuple[str, str]:
    """The paths of initdb and postgres; apt brings them where they are missing.

    Raises:
        NoServer: apt does not.
    """
    if _program("initdb") is None or _program("postgres") is None:
        if os.getuid() != 0 or shutil.which("apt-get") is None:
            raise NoServer("PostgreSQL is not installed, and only root can install it with apt-get")
        for command in (["update"], ["install", "-y", "--no-install-recommends", "postgresql"]):
            done = subprocess.run(
                ["apt-get", "-qq", *command],
                env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
                capture_output=True,
                text=True,
            )
            if done.returncode:
                raise NoServer(f"apt-get {command[0]} failed: {done.stderr.strip()[-300:]}")
    initdb, server = _program("initdb"), _program("postgres")
    if initdb is None or server is None:
        raise NoServer("apt-get has brought no initdb")
    return initdb, server


class Server:
    """A server on a free port of the loopback interface, run by an unprivileged user."""

    def __init__(self, folder: Path):
        self._initdb, self._server = _installed()
        self._folder = folder
        self._as = {}
        if os.getuid() == 0:  # PostgreSQL refuses to run as root
            try:
                user = pwd.getpwnam("postgres")
            except KeyError:
                user = pwd.getpwnam("nobody")
            os.chown(folder, user.pw_uid, user.pw_gid)
            self._as = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None
        secret = folder / "secret"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        data = str(folder / "data")
        command = [self._initdb, "-D", data, "-U", "tuner", "-A", "scram-sha-256"]
        made = subprocess.run(
            [*command, f"--pwfile={secret}"],
            capture_output=True,
            text=True,
            cwd=folder,
            **self._as,  # type: ignore[call-overload]
        )
        assert made.returncode == 0, made.stderr

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://tuner:{PASSWORD}@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    self._server,
                    *("-D", str(self._folder / "data")),
                    *("-p", str(self.port), "-h", "127.0.0.1"),
                    *("-c", f"unix_socket_directories={self._folder}", "-c", "fsync=off"),
                ],
                stdout=log,
                stderr=log,
                cwd=self._folder,
                **self._as,  # type: ignore[call-overload]
            )
        import psycopg

        until = time.monotonic() + 60
        while True:
            try:
                psycopg.connect(self.url.replace("+psycopg", "")).close()
                return
            except psycopg.OperationalError:
                assert time.monotonic() < until, (self._folder / "log").read_text()[-2000:]
                time.sleep(0.1)

    def stop(self) -> None:
        """Stop it as an administrator in a hurry does: connections are cut."""
        assert self._process is not None
        self._process.send_signal(2)  # SIGINT: "fast"
        self._process.wait(60)

    def kill(self) -> None:
        """Stop it as a power cut does."""
        assert self._process is not None
        self._process.send_signal(3)  # SIGQUIT: "immediate"
        self._process.wait(60)


@contextmanager
def running_server() -> Iterator[Server]:
    """A server that is up.

    Raises:
        NoServer: there is none to be had.
    """
    folder = Path(tempfile.mkdtemp(prefix="crosstune-postgres-"))
    try:
        server = Server(folder)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
