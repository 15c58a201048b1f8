"""Ctrl-C that ends a run at any time without failing a trial.

Python raises KeyboardInterrupt at any line. During a write, Optuna turns it into another error or
leaves a lock behind; while a trial is being told, Optuna fails the trial; and a finalizer or a
library may swallow it. So in a watched run, Ctrl-C is delayed until such code has finished, and the
run checks for it after each trial.
"""

from __future__ import annotations

import _thread
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

PATIENCE = 5.0
"""Maximum seconds for which Ctrl-C is delayed."""

_PAUSE = 0.01
# Private modules of Optuna by name, since a frame offers nothing else to identify its code.
# tests/engines/optuna/test_private.py fails if one moves.
_ON_THE_WAY = ("optuna.storages", "optuna.study._tell")
"""Modules that are protected together with everything they call."""
_HERE = (
    "optuna.study._optimize",
    "crosstune.tuning.loop",
    "crosstune.tuning.between_trials",
    "crosstune.tuning.run_errors",
    "crosstune.system.interrupts",
)
"""Modules that are protected, unlike the functions they call, such as the objective."""


class Watch:
    """The handler and state of Ctrl-C in a run.

    Attributes:
        asked: Ctrl-C was pressed.
        done: it has ended the run, so it must not be raised again.
    """

    def __init__(self) -> None:
        self.asked = False
        self.done = False
        self._since = 0.0

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Raise KeyboardInterrupt, or try again in a moment if the frame is protected."""
        if not self.asked:
            self._since = time.monotonic()
        self.asked = True
        if _is_protected(frame) and time.monotonic() - self._since < PATIENCE:
            _thread.start_new_thread(self._press_again, ())  # takes no lock, as Thread does
            return
        raise KeyboardInterrupt

    def _press_again(self) -> None:
        time.sleep(_PAUSE)
        if not self.done and _watch is self:
            if hasattr(signal, "pthread_kill"):
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            else:
                _thread.interrupt_main()


_watch: Watch | None = None


@contextmanager
def watched() -> Iterator[Watch]:
    """Watch for Ctrl-C in the block, and raise KeyboardInterrupt after it if it was swallowed.

    Nothing is watched outside the main thread, or if the program has its own handler. Nested blocks
    share one watch.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed, and the block ended normally or in another error.
    """
    global _watch
    main = threading.current_thread() is threading.main_thread()
    if _watch is not None and main:
        with _made_good(_watch):
            yield _watch
    elif not main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield Watch()
    else:
        watch = Watch()
        signal.signal(signal.SIGINT, watch)
        _watch = watch
        try:
            with _made_good(watch):
                yield watch
        finally:
            _watch = None
            signal.signal(signal.SIGINT, signal.default_int_handler)
        if watch.asked and not watch.done:  # pressed during the lines above
            raise KeyboardInterrupt


@contextmanager
def _made_good(watch: Watch) -> Iterator[None]:
    try:
        yield
    except Exception:
        if watch.asked and not watch.done:
            watch.done = True
            raise KeyboardInterrupt from None
        raise
    except KeyboardInterrupt:
        watch.done = True
        raise
    if watch.asked and not watch.done:
        watch.done = True
        raise KeyboardInterrupt


def _is_protected(frame: FrameType | None) -> bool:
    """Whether an interrupt at a frame would be lost or would fail a trial."""
    if frame is not None and frame.f_globals.get("__name__") in _HERE:
        return True
    while frame is not None:
        if str(frame.f_globals.get("__name__")).startswith(_ON_THE_WAY):
            return True
        frame = frame.f_back
    return False
