"""The front of a study with several metrics, as a table and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from optuna.study import Study
from optuna.trial import FrozenTrial
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from crosstune.cli.console import cell, count, finite, values
from crosstune.engines.feasibility import front, is_feasible
from crosstune.engines.record_names import PREFIX
from crosstune.space.space import Space

ROWS = 12
"""The most trials of the front that the table shows: if there are more, evenly spaced ones."""


def print_front(study: Study, metrics: Sequence[str], space: Space, console: Console) -> None:
    """Print the front, without the parameters if they do not fit into the width.

    Args:
        study: with several objectives.
        metrics: their names.
        space: the types of the parameters.
        console: where to print.
    """
    whole = front_table(study, metrics, space)
    unlimited = console.options.update(max_width=10_000)
    if console.measure(whole, options=unlimited).maximum <= console.width:
        console.print(whole)
        return
    console.print(front_table(study, metrics, None))
    console.print("their parameters: study.best_trials, or --json", highlight=False)


def front_table(study: Study, metrics: Sequence[str], space: Space | None) -> Table:
    """The trials on the front with their metrics and parameters, the best by the first one first.

    Args:
        study: with several objectives.
        metrics: their names.
        space: the types of the parameters; None leaves the parameters out.
    """
    best = front(study)
    rows = _spread(best)
    further = dict.fromkeys(
        name for trial in rows for name in trial.user_attrs if not name.startswith(PREFIX)
    )
    points = [{} if space is None else values(space, trial) for trial in rows]
    names = dict.fromkeys(name for point in points for name in point)
    shown = Table(title=Text(_title(study, len(best), len(rows)), no_wrap=True))
    shown.title_justify = "left"
    for head in ("trial", *metrics, *further, *names):
        shown.add_column(escape(head), justify="right", overflow="fold")
    for trial, point in zip(rows, points, strict=True):
        shown.add_row(
            str(trial.number),
            *(cell(value) for value in trial.values),
            *(cell(trial.user_attrs.get(name, "")) for name in further),
            *(cell(point[name]) if name in point else "" for name in names),
        )
    return shown


def front_as_json(study: Study, metrics: Sequence[str], space: Space) -> list[dict[str, Any]]:
    """The trials on the front as JSON; infinite values become null.

    Args:
        study: with several objectives.
        metrics: their names.
        space: the types of the parameters.
    """
    return [
        {
            "trial": trial.number,
            "values": finite(dict(zip(metrics, trial.values, strict=True))),
            "params": values(space, trial),
        }
        for trial in front(study)
    ]


def _title(study: Study, best: int, shown: int) -> str:
    complete = count(study)["complete"]
    feasible = sum(
        trial.state.name == "COMPLETE" and is_feasible(trial)
        for trial in study.get_trials(deepcopy=False)
    )
    of = f"{feasible} {'feasible' if feasible < complete else 'complete'} trials"
    part = f", {shown} of them shown" if shown < best else ""
    return f"The front: {best} of {of}{part}"


def _spread(trials: Sequence[FrozenTrial]) -> list[FrozenTrial]:
    """At most `ROWS` of the trials, evenly spaced, with the first and the last one."""
    if len(trials) <= ROWS:
        return list(trials)
    return [trials[round(i * (len(trials) - 1) / (ROWS - 1))] for i in range(ROWS)]
