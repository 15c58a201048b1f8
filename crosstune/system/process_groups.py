"""Process groups: a process that we start leads one, and is ended with all that it has started.

Windows has no such groups. There the process alone is ended.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Protocol

GRACE = 5.0
"""How many seconds a group has from SIGTERM to SIGKILL."""

_KILL = getattr(signal, "SIGKILL", signal.SIGTERM)


class Leader(Protocol):
    """A process of ours that leads a group, such as a `subprocess.Popen` of a new session."""

    @property
    def pid(self) -> int:
        """Its number, which is the group's."""

    def poll(self) -> int | None:
        """Its exit status; None while it runs."""


def lead_group() -> None:
    """Make this process the leader of a group and a session of its own."""
    if hasattr(os, "setsid"):
        with suppress(PermissionError):  # it leads one already
            os.setsid()


def end_groups(leaders: Sequence[Leader]) -> None:
    """End groups that have `GRACE` seconds to do so by themselves; return when they have ended.

    Ctrl-C meanwhile ends them at once.
    """
    left = [leader for leader in leaders if _send(leader, signal.SIGTERM)]
    try:
        wait_until(lambda: not any(_is_there(leader) for leader in left), GRACE)
    finally:
        for leader in left:
            _send(leader, _KILL)
    wait_until(lambda: all(leader.poll() is not None for leader in leaders), GRACE)


def end_own_group() -> None:
    """End this process at once, with its group if it leads one."""
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), _KILL)
    os._exit(1)


def wait_until(is_so: Callable[[], bool], seconds: float) -> bool:
    """Whether something becomes so within some seconds."""
    until = time.monotonic() + seconds
    pause = 0.001
    while not is_so():
        if time.monotonic() > until:
            return False
        time.sleep(pause)
        pause = min(2 * pause, 0.05)
    return True


def _is_there(leader: Leader) -> bool:
    """Whether anything is left of a group, once its leader is waited for."""
    return leader.poll() is None or _send(leader, 0)


def _send(leader: Leader, number: int) -> bool:
    """Send a signal to a group; False where nothing is left of it.

    The group is there before its leader has begun, or for longer than it.
    """
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError, PermissionError):  # the latter of zombies, on macOS
            os.killpg(leader.pid, number)
            return True
    if leader.poll() is not None:
        return False
    if number:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(leader.pid, number)
    return True
