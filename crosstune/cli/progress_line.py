"""A live line that fits the terminal: what is done, the rest in words, and the time left."""

from __future__ import annotations

import time
from typing import Any

from rich.console import Console
from rich.progress import Progress, ProgressColumn, Task
from rich.text import Text

from crosstune.cli.words import duration

LONG = 10.0
"""The least number of seconds left that is printed without a terminal."""

_BAR = 24
"""The width of the bar, in characters, where there is room."""

_LEAST_BAR = 8


def is_live(console: Console) -> bool:
    """True if a line can be drawn again: on a terminal that is not dumb."""
    return console.is_terminal and not console.is_dumb_terminal


def fitted_progress(console: Console, unit: str, **options: Any) -> Progress:
    """A progress display of one line, at most as wide as the terminal.

    Its tasks have the fields `words`, what is known so far, and `ends`, when it will be over by
    the monotonic clock, or None.

    Args:
        console: where to draw it; nothing is drawn where that is not possible.
        unit: of what is counted, such as "trials".
        options: of `rich.progress.Progress`.
    """
    return Progress(
        _Fitted(console, unit), console=console, disable=not is_live(console), **options
    )


class Pace:
    """The time left, by the mean time of what this process has finished.

    Args:
        total: the number that is to be finished; None if there is no limit.
        done: the number that is finished already.
        seconds: after which nothing more begins; None if there is no limit.
    """

    def __init__(self, total: int | None, done: int = 0, seconds: float | None = None):
        self._began = time.monotonic()
        self._total = total
        self._before = done
        self._seconds = seconds

    def ends(self, done: int) -> float | None:
        """When it will be over, by the monotonic clock; None if that is not known."""
        now = time.monotonic()
        ends = None if self._seconds is None else self._began + self._seconds
        finished = done - self._before
        if self._total is not None and finished > 0:
            by_pace = now + (now - self._began) / finished * max(self._total - done, 0)
            ends = by_pace if ends is None else min(ends, by_pace)
        return None if ends is None else max(ends, now)


def left(ends: float | None) -> str:
    """The time left in words; empty if it is not known.

    >>> left(None)
    ''
    """
    if ends is None:
        return ""
    seconds = round(max(0.0, ends - time.monotonic()))
    return f"about {duration(seconds).replace('.0 s', ' s')} left"


class _Fitted(ProgressColumn):
    max_refresh = 0.2

    def __init__(self, console: Console, unit: str):
        super().__init__()
        self._console = console
        self._unit = unit

    def render(self, task: Task) -> Text:
        """The line: the bar first gives way, then the words are cut."""
        of = f"/{task.total:.0f}" if task.total is not None else ""
        done = f"{task.completed:.0f}{of} {self._unit}"
        rest = left(task.fields["ends"]) or _clock(task.elapsed or 0.0)
        words = str(task.fields["words"])
        room = self._console.width - 1 - len(done) - len(rest) - 2
        words = shortened_to(words, room - 1)
        bar = min(_BAR, room - len(words) - 2)
        parts = [done, words, rest]
        line = Text(" ".join(part for part in parts if part), no_wrap=True, overflow="crop")
        if bar < _LEAST_BAR or not task.total:
            return line
        full = round(bar * min(task.completed / task.total, 1.0))
        return Text.assemble(
            ("━" * full, "bar.complete"), ("━" * (bar - full), "bar.back"), " ", line
        )


def shortened_to(words: str, room: int) -> str:
    """Words that fit into a room, with an ellipsis for what is cut.

    >>> shortened_to("best accuracy 0.975", 13)
    'best accurac…'
    """
    if len(words) <= room:
        return words
    return f"{words[: room - 1]}…" if room > 1 else ""


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"
