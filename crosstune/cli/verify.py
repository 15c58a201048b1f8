"""`crosstune verify`: print the proofs as they are made."""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click
import optuna
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, ProgressColumn, Task, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.text import Text

from crosstune.cli.console import SafeConsole, duration
from crosstune.proofs.by_hand import Suggestion
from crosstune.proofs.verification import Difference, Progress, Proof, verify
from crosstune.spec.spec import load

MAX_JOBS = 4
"""The most jobs by default: each process that imports torch takes about 700 MB."""

LONG = 10.0
"""From how many seconds on the time left is printed where there is no terminal."""


def run(
    spec: Path,
    *,
    backends: Sequence[str],
    samplers: Sequence[str],
    seeds: int,
    trials: int,
    jobs: int | None,
    as_json: bool,
) -> int:
    """The exit status: 0 where every suggestion is identical, else 1.

    Args:
        jobs: None for one for each core, up to `MAX_JOBS`.

    Raises:
        RequestError: a bad spec, or no such backend or sampler.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    logging.getLogger("crosstune").setLevel(logging.ERROR)
    loaded = load(spec)
    console = SafeConsole(stderr=True)
    console.print(
        f"{loaded.name}: {len(loaded.space.searched)} parameters, {trials} suggestions under each "
        f"of {seeds} seeds; the cost is CPU time, crosstune's over the library's by hand",
        highlight=False,
        soft_wrap=True,
    )
    proofs = []
    with _Line(console) as line:
        for proof in verify(
            loaded,
            backends=backends,
            samplers=samplers,
            seeds=seeds,
            trials=trials,
            jobs=jobs or min(os.cpu_count() or 1, MAX_JOBS),
            progress=line.show,
        ):
            proofs.append(proof)
            console.print(escape(_line(proof)), highlight=False, soft_wrap=not console.has_width)
    if as_json:
        click.echo(json.dumps([{**asdict(proof), "holds": proof.holds} for proof in proofs]))
    return int(any(proof.refused is None and not proof.holds for proof in proofs))


class _Line:
    """A live line with the number of finished runs and the time left.

    Where there is no terminal, the time left is printed once, if it is long.
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

    def __enter__(self) -> _Line:
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
    """The time until the field `ends`, which counts down between two runs."""

    def render(self, task: Task) -> Text:
        """The time left in words."""
        ends = task.fields["ends"]
        if ends is None:
            return Text("time left: not known yet")
        return Text(f"about {_rounded(max(0.0, ends - time.monotonic()))} left")


def _rounded(seconds: float) -> str:
    return duration(round(seconds)).replace(".0 s", " s")


def _line(proof: Proof) -> str:
    name = f"{proof.backend}:{proof.sampler}".rstrip(":")
    if proof.refused is not None:
        return f"{name:24} not run: {proof.refused}"
    text = f"{name:24} {proof.identical} of {proof.suggestions} identical, cost {proof.ratio:.2f}"
    if proof.first_difference is not None:
        text += "\n" + _difference(proof.first_difference)
    return text


def _difference(difference: Difference) -> str:
    return (
        f"  first difference: seed {difference.seed}, trial {difference.trial}\n"
        f"    by hand:   {_shown(difference.by_hand)}\n"
        f"    crosstune: {_shown(difference.crosstune)}"
    )


def _shown(suggestion: Suggestion | None) -> str:
    if suggestion is None:
        return "none"
    epochs = "" if suggestion.epochs is None else f" to epoch {suggestion.epochs}"
    return f"{suggestion.params}{epochs}"
