"""Process groups, to end a process together with all that it started.

Windows has no such groups; only the process itself is ended there.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Protocol

GRACE = 5.0
"""Seconds between SIGTERM and SIGKILL."""

_KILL = getattr(signal, "SIGKILL", signal.SIGTERM)


class Leader(Protocol):
    """A child process that leads a group, such as a `subprocess.Popen` in a new session."""

    @property
    def pid(self) -> int:
        """Its process id, which is also the group's."""

    def poll(self) -> int | None:
        """Its exit status; None while it runs."""


def lead_group() -> None:
    """Make this process the leader of a new session and group."""
    if hasattr(os, "setsid"):
        with suppress(PermissionError):  # it is a leader already
            os.setsid()


def end_groups(leaders: Sequence[Leader]) -> None:
    """Terminate groups, kill those that are left after `GRACE` seconds, and wait for their leaders.

    Ctrl-C kills them at once.
    """
    left = [leader for leader in leaders if _send(leader, signal.SIGTERM)]
    try:
        wait_until(lambda: not any(_is_there(leader) for leader in left), GRACE)
    finally:
        for leader in left:
            _send(leader, _KILL)
    wait_until(lambda: all(leader.poll() is not None for leader in leaders), GRACE)


def end_own_group() -> None:
    """Kill this process, with its group if it leads one."""
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), _KILL)
    os._exit(1)


def wait_until(is_so: Callable[[], bool], seconds: float) -> bool:
    """Wait for a condition, and return whether it became true within `seconds`."""
    until = time.monotonic() + seconds
    pause = 0.001
    while not is_so():
        if time.monotonic() > until:
            return False
        time.sleep(pause)
        pause = min(2 * pause, 0.05)
    return True


def _is_there(leader: Leader) -> bool:
    """Whether any process of a group is left, after reaping its leader."""
    return leader.poll() is None or _send(leader, 0)


def _send(leader: Leader, number: int) -> bool:
    """Send a signal to a group; False if no process of it is left.

    The group may not exist yet, or may outlive its leader.
    """
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError, PermissionError):  # PermissionError: zombies on macOS
            os.killpg(leader.pid, number)
            return True
    if leader.poll() is not None:
        return False
    if number:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(leader.pid, number)
    return True
