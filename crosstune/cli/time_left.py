"""The live line of `crosstune verify`: the number of finished runs, and the time left."""

from __future__ import annotations

import time

from rich.console import Console

from crosstune.cli.progress_line import LONG, fitted_progress, is_live, left
from crosstune.proofs.verification import Progress


class TimeLeftLine:
    """A live line with the number of finished runs and the time left.

    Without a terminal, the time left is printed once, if it is long.
    """

    def __init__(self, console: Console):
        self._console = console
        self._bar = fitted_progress(console, "runs", transient=True)
        self._task = self._bar.add_task("", total=None, visible=False, words="", ends=None)
        self._told = is_live(console)

    def __enter__(self) -> TimeLeftLine:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def show(self, progress: Progress) -> None:
        """Draw the line again after a run."""
        seconds = progress.seconds_left
        ends = None if seconds is None else time.monotonic() + seconds
        words = "time left: not known yet" if ends is None else ""
        self._bar.update(
            self._task,
            completed=progress.done,
            total=progress.total,
            visible=True,
            words=words,
            ends=ends,
        )
        if not self._told and seconds is not None:
            self._told = True
            if seconds >= LONG:
                self._console.print(
                    f"{progress.done} of {progress.total} runs, {left(ends)}", highlight=False
                )
