"""The live line of `crosstune verify`: the number of finished runs, and the time left."""

from __future__ import annotations

import time

from rich.console import Console
from rich.progress import BarColumn, ProgressColumn, Task, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.text import Text

from crosstune.cli.console import duration
from crosstune.proofs.verification import Progress

LONG = 10.0
"""The least number of seconds left that is printed without a terminal."""


class TimeLeftLine:
    """A live line with the number of finished runs and the time left.

    Without a terminal, the time left is printed once, if it is long.
    """

    def __init__(self, console: Console):
        self._console = console
        self._bar = Bar(
            TextColumn("{task.completed:.0f}/{task.total:.0f} runs"),
            BarColumn(bar_width=24),
            TimeElapsedColumn(),
            _TimeLeft(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("", total=None, visible=False, ends=None)
        self._told = console.is_terminal

    def __enter__(self) -> TimeLeftLine:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def show(self, progress: Progress) -> None:
        """Draw the line again after a run."""
        left = progress.seconds_left
        self._bar.update(
            self._task,
            completed=progress.done,
            total=progress.total,
            visible=True,
            ends=None if left is None else time.monotonic() + left,
        )
        if not self._told and left is not None:
            self._told = True
            if left >= LONG:
                self._console.print(
                    f"{progress.done} of {progress.total} runs, about {_rounded(left)} left",
                    highlight=False,
                )


class _TimeLeft(ProgressColumn):
    """Counts down to the field `ends`, also between two runs."""

    def render(self, task: Task) -> Text:
        """The time left in words."""
        ends = task.fields["ends"]
        if ends is None:
            return Text("time left: not known yet")
        return Text(f"about {_rounded(max(0.0, ends - time.monotonic()))} left")


def _rounded(seconds: float) -> str:
    return duration(round(seconds)).replace(".0 s", " s")
