"""What a process does that leaves others behind; imported by children, so it imports little."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); "


def begin_family(folder: str | Path, *, stubborn: bool = True) -> None:
    """Start two processes, and fork one; each leaves its number.

    Args:
        stubborn: whether one of them ignores SIGTERM.
    """
    ignoring = [sys.executable, "-c", STUBBORN + "time.sleep(600)"]
    started = [subprocess.Popen(SLEEP)]
    started.append(subprocess.Popen(ignoring if stubborn else SLEEP, stdout=subprocess.PIPE))
    if stubborn:
        assert started[1].stdout is not None
        started[1].stdout.readline()
    if hasattr(os, "fork"):
        forked = os.fork()
        if forked == 0:
            time.sleep(600)
            os._exit(0)
        _leave(folder, forked)
    for each in (*started, None):
        _leave(folder, os.getpid() if each is None else each.pid)


def _leave(folder: str | Path, pid: int) -> None:
    (Path(folder) / str(pid)).write_text("")


def die_with_family(folder: str | Path) -> None:
    begin_family(folder)
    os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))


def hang_with_family(folder: str | Path, *, stubborn: bool = True) -> None:
    begin_family(folder, stubborn=stubborn)
    time.sleep(600)


def leave_a_thread() -> int:
    threading.Thread(target=time.sleep, args=(600,)).start()
    return 1


def clean_up(folder: str) -> None:
    """Take half a second to end upon SIGTERM."""

    def end(*_: object) -> None:
        time.sleep(0.5)
        (Path(folder) / "clean").write_text("")
        sys.exit()

    signal.signal(signal.SIGTERM, end)
    time.sleep(600)


def keep_an_executor(kind: str) -> str:
    """As an objective does that calls scikit-learn with `n_jobs`, or has an executor of its own."""
    if kind == "joblib":
        import joblib

        calls = [joblib.delayed(exclaim)("a"), joblib.delayed(exclaim)("b")]
        return str(joblib.Parallel(n_jobs=2)(calls)[0])
    from concurrent.futures import ProcessPoolExecutor

    _kept.append(ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")))
    return str(_kept[-1].submit(exclaim, "a").result())


_kept: list[Any] = []


def exclaim(text: str) -> str:
    return text + "!"


def fail(error: BaseException) -> None:
    raise error


class Unsendable(Exception):
    def __init__(self) -> None:
        super().__init__("by itself")
        self.lock = threading.Lock()


def unsendable() -> None:
    raise Unsendable


def alive(folder: Path) -> list[int]:
    """The processes that left their number and have not ended."""
    return [int(each.name) for each in folder.iterdir() if each.name.isdigit() and _runs(each.name)]


def all_gone(folder: Path, seconds: float = 20) -> bool:
    """Whether they end within some time."""
    until = time.monotonic() + seconds
    while alive(folder) and time.monotonic() < until:
        time.sleep(0.02)
    return not alive(folder)


def _runs(pid: str) -> bool:
    shown = subprocess.run(["ps", "-o", "stat=", "-p", pid], capture_output=True, text=True)
    return shown.stdout.strip()[:1] not in ("", "Z")
