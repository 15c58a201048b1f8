"""The console output of a run: a live line, and a table of the best trials at the end."""

from __future__ import annotations

import math
import os
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState
from rich.console import Console, ConsoleOptions, RenderableType
from rich.markup import escape
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from crosstune.cli.progress_line import LONG, Pace, fitted_progress, is_live, left
from crosstune.cli.words import duration
from crosstune.engines import study_values as ledger
from crosstune.engines.feasibility import best_trial, front, ranked
from crosstune.engines.record_names import PREFIX
from crosstune.errors import SpecError
from crosstune.space.space import Space
from crosstune.study.configurations import progress
from crosstune.terminal.tables import fitted
from crosstune.terminal.text import visible
from crosstune.terminal.urls import redacted

_NAMES = {
    TrialState.COMPLETE: "complete",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
    TrialState.RUNNING: "running",
    TrialState.WAITING: "waiting",
}


MAX_COLUMNS = 8
"""The most columns with which the table of the best trials has one row per trial."""


class SafeConsole(Console):
    """A console that makes control characters visible and breaks no word of a table."""

    @property
    def has_width(self) -> bool:
        """True on a terminal, and if COLUMNS sets the width."""
        return self.is_terminal or "COLUMNS" in os.environ

    def print(self, *objects: Any, **options: Any) -> None:
        """Print like rich, with each table fitted to the width."""
        fit = [fitted(o, self.width) if isinstance(o, Table) else o for o in objects]
        super().print(*fit, **options)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """The segments of a renderable, their text made visible."""
        for text, style, control in super().render(renderable, options):
            yield Segment(text if control else visible(redacted(text)), style, control)


class LiveLine:
    """A callback that keeps one line up to date: best value, time left, pruned and failed.

    On a terminal the line is redrawn; elsewhere a line is printed for each new best value, and
    one with the time left at each quarter of a longer run.

    Args:
        console: where to print.
        metrics: their names.
        total: the number of trials in the budget; None if there is no limit.
        done: the number of trials that are finished.
        best: the value of the best of them, which is no news.
        seconds: of the budget; None if there is no limit.
        verbose: print a line for each trial.
        scheduled: whether a scheduler trains configurations, which are counted then.
    """

    def __init__(
        self,
        console: Console,
        metrics: Sequence[str],
        total: int | None,
        done: int,
        *,
        best: float | None = None,
        seconds: float | None = None,
        verbose: bool = False,
        scheduled: bool = False,
    ):
        self._scheduled = scheduled
        self._console = console
        self._metrics = tuple(metrics)
        self._total = total
        self._verbose = verbose
        self._pace = Pace(total, done, seconds)
        self._quarter = 4 * done // total if total else 0
        self._progress = fitted_progress(console, "configurations" if scheduled else "trials")
        self._task = self._progress.add_task("", total=total, completed=done, words="", ends=None)
        self._best = best

    def __enter__(self) -> LiveLine:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def __call__(self, study: Study, trial: FrozenTrial) -> None:
        """Draw the state after a trial."""
        states = count(study)
        several = len(study.directions) > 1
        first, news = self._of_front(study, trial) if several else self._of_best(study)
        none_yet = "no feasible trial yet" if states["complete"] else "no value yet"
        parts = [first or none_yet]
        parts += [f"{n} {state}" for state, n in states.items() if state in ("pruned", "failed")]
        done = sum(states[state] for state in ("complete", "pruned", "failed"))
        if self._scheduled:
            done = progress(study)
        words, ends = ", ".join(parts), self._pace.ends(done)
        self._progress.update(self._task, completed=done, words=words, ends=ends)
        of = f" of {self._total}" if self._total and not self._scheduled else ""
        if self._verbose:
            self._print(f"trial {trial.number}{of}: {_told(trial)}")
        elif not is_live(self._console) and news is not None:
            self._print(f"trial {news.number}{of}: {self._measured(news)}")
        quarter = 4 * done // self._total if self._total else 0
        if not is_live(self._console) and quarter > self._quarter:
            self._quarter = quarter
            if ends is not None and ends - time.monotonic() >= LONG:
                counted = "configurations" if self._scheduled else "trials"
                self._print(f"{done} of {self._total} {counted}, {words}, {left(ends)}")

    def _of_best(self, study: Study) -> tuple[str, FrozenTrial | None]:
        """The best value in words, empty without one, and its trial if it is new."""
        best = best_trial(study)
        if best is None:
            return "", None
        news = best if best.value != self._best else None
        self._best = best.value
        return f"best {self._measured(best)}", news

    def _of_front(self, study: Study, trial: FrozenTrial) -> tuple[str, FrozenTrial | None]:
        """The size of the front in words, empty without one, and a trial that is new on it."""
        numbers = {item.number for item in front(study)}
        words = f"{len(numbers)} on the front" if numbers else ""
        return words, trial if trial.number in numbers else None

    def _measured(self, trial: FrozenTrial) -> str:
        texts = zip(self._metrics, trial.values, strict=True)
        return ", ".join(f"{name} {value:.6g}" for name, value in texts)

    def _print(self, text: str) -> None:
        self._console.print(escape(text), highlight=False, soft_wrap=not is_live(self._console))


def _told(trial: FrozenTrial) -> str:
    """A trial in words: state or value, duration, parameters."""
    state = _NAMES[trial.state]
    values = ", ".join(f"{value:.6g}" for value in trial.values or ())
    took = "" if trial.duration is None else f" in {duration(trial.duration.total_seconds())}"
    params = ", ".join(f"{name} {cell(value)}" for name, value in trial.params.items())
    return f"{values or state}{took}" + (f" ({params})" if params else "")


def count(study: Study) -> Counter[str]:
    """The trials by state: complete, pruned, failed, running, waiting."""
    return Counter(_NAMES[trial.state] for trial in study.get_trials(deepcopy=False))


def table(study: Study, metric: str, space: Space, *, rows: int = 5) -> Table:
    """The best feasible trials, with their parameters and further metrics.

    Args:
        study: with one objective.
        metric: its name.
        space: the types of the parameters.
        rows: the most trials to show.
    """
    feasible = ranked(study)
    kind = "feasible" if len(feasible) < count(study)["complete"] else "complete"
    top = feasible[:rows]
    further = dict.fromkeys(
        name for trial in top for name in trial.user_attrs if not name.startswith(PREFIX)
    )
    points = [values(space, trial) for trial in top]
    names = dict.fromkeys(name for point in points for name in point)
    title = f"The best of {len(feasible)} {kind} trials"
    shown = Table(title=Text(title, no_wrap=True), title_justify="left")
    heads = ["trial", *map(escape, (metric, *further, *names))]
    lines = [
        [
            str(trial.number),
            cell(trial.value),
            *(cell(trial.user_attrs.get(name, "")) for name in further),
            *(cell(point[name]) if name in point else "" for name in names),
        ]
        for trial, point in zip(top, points, strict=True)
    ]
    if len(heads) > MAX_COLUMNS:
        # One column per trial instead, which fits a narrow terminal.
        heads, *lines = [list(cells) for cells in zip(heads, *lines, strict=True)]
    for head in heads:
        shown.add_column(head, justify="right", overflow="fold")
    for line in lines:
        shown.add_row(*line)
    return shown


def values(space: Space, trial: FrozenTrial) -> dict[str, Any]:
    """The parameters of a trial in the types of the space.

    Values that an objective suggested outside the space are unchanged.
    """
    try:
        point = ledger.read_point(space, trial.params)
    except SpecError:
        point = {}
    return {**trial.params, **point}


def cell(value: object) -> str:
    """A value as a cell of a table."""
    return f"{value:.6g}" if isinstance(value, float) else escape(str(value))


def finite(value: Any) -> Any:
    """A value, or a mapping of values, with None for NaN and infinity, which JSON does not have."""
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
