"""Parallel coordinates: one axis per parameter and objective, one line per trial."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.trial import FrozenTrial

from crosstune.presentation.axes import Axis, axis_of
from crosstune.presentation.diagrams import LINE, MUTED, Diagram, Stroke, TextLabel
from crosstune.presentation.tables import plain, shortened
from crosstune.study_report.charts import FRONT, LEADING, OTHERS, thinned, value_axis
from crosstune.study_report.content import StudyContent, brief

MOST_AXES = 12
"""The largest number of parameters that are drawn."""

MOST_LABELS = 8
"""The largest number of values that are written beside the axis of a categorical."""

_HEIGHT, _TOP, _BOTTOM = 400.0, 48.0, 84.0
_LEFT, _RIGHT, _APART = 70.0, 70.0, 118.0
_ABSENT = _HEIGHT - 40.0
"""Where lines pass an axis whose parameter the trial does not have."""


@dataclass(frozen=True)
class _Column:
    """An axis: its name, and its place and labels for the values of trials."""

    name: str
    axis: Axis
    choices: tuple[Any, ...] | None

    def share(self, value: Any) -> float | None:
        """The place of a value, 0 to 1; None if it has none."""
        if self.choices is not None:
            matches = [
                i for i, c in enumerate(self.choices) if type(c) is type(value) and c == value
            ]
            return self.axis.share(matches[0]) if matches else None
        if isinstance(value, int | float) and math.isfinite(value):
            return self.axis.share(value)
        return None


def parallel_coordinates(content: StudyContent, order: Sequence[str]) -> Diagram | None:
    """The figure; None with fewer than two complete trials or without parameters.

    Args:
        content: of the study.
        order: names of parameters; those named first are drawn if there are too many.
    """
    trials = [
        trial
        for trial in content.complete
        if all(content.objective(trial, index) is not None for index in range(len(content.metrics)))
    ]
    names = [*order, *(name for name in content.distributions if name not in order)][:MOST_AXES]
    if len(trials) < 2 or not names:
        return None
    columns = [_column(content, name, trials) for name in names]
    for index, metric in enumerate(content.metrics):
        values = [trial.values[index] for trial in trials]
        axis = value_axis(values, maximize=content.maximize[index])
        columns.append(_Column(metric, axis, None))
    width = max(760.0, _LEFT + _RIGHT + _APART * (len(columns) - 1))
    apart = (width - _LEFT - _RIGHT) / max(len(columns) - 1, 1)
    strokes: list[Stroke] = []
    labels: list[TextLabel] = []
    absent = any(len(trial.params) < len(content.distributions) for trial in trials)
    for place, column in enumerate(columns):
        x = _LEFT + place * apart
        strokes.append(Stroke(((x, _TOP), (x, _HEIGHT - _BOTTOM)), tone=MUTED))
        labels.extend(_labels(column, x, place))
    if absent:
        strokes.append(Stroke(((_LEFT, _ABSENT), (width - _RIGHT, _ABSENT)), tone=LINE))
        labels.append(TextLabel(width - _RIGHT, _ABSENT + 18, "not active", "end", MUTED))
    leading = FRONT if content.several else LEADING
    for trial in thinned(content, trials):
        stands_out = trial.number in content.leading
        points = tuple(_points(content, columns, trial, apart))
        style = (leading, 2.0) if stands_out else (OTHERS, 1.0)
        opacity = 0.95 if stands_out else 0.3
        strokes.append(Stroke(points, *style, opacity=opacity, words=content.words(trial)))
    return Diagram(
        "parallel-coordinates",
        f"The parameters and values of {len(trials)} trials, one line each",
        width,
        _HEIGHT if absent else _HEIGHT - 40.0,
        tuple(strokes),
        tuple(labels),
        caption="One line per trial",
        key=(leading, OTHERS),
    )


def _column(content: StudyContent, name: str, trials: Sequence[FrozenTrial]) -> _Column:
    distribution = content.distributions[name]
    if isinstance(distribution, CategoricalDistribution):
        choices = tuple(distribution.choices)
        ends = (0.0, float(max(len(choices) - 1, 1)))
        every = math.ceil(len(choices) / MOST_LABELS)
        ticks = tuple((float(i), brief(c)) for i, c in enumerate(choices) if i % every == 0)
        return _Column(name, Axis(*ends, ticks), choices)
    log = bool(getattr(distribution, "log", False))
    values = [trial.params[name] for trial in trials if name in trial.params]
    axis = axis_of([*_ends(distribution), *([] if _ends(distribution) else values)], log=log)
    low, high = _ends(distribution) or (axis.low, axis.high)
    if low < high:
        axis = Axis(low, high, ((low, brief(float(low))), (high, brief(float(high)))), log)
    return _Column(name, axis, None)


def _ends(distribution: BaseDistribution) -> tuple[float, ...]:
    low, high = getattr(distribution, "low", math.nan), getattr(distribution, "high", math.nan)
    return (low, high) if math.isfinite(low) and math.isfinite(high) else ()


def _labels(column: _Column, x: float, place: int) -> Iterator[TextLabel]:
    # Neighbours at two heights, so that long names do not meet.
    yield TextLabel(x, 16.0 + 16.0 * (place % 2), shortened(plain(column.name), 24))
    for value, words in column.axis.ticks:
        text = shortened(words, 12)
        yield TextLabel(x - 6, _up(column.axis.share(value)) + 4, text, "end", MUTED)


def _points(
    content: StudyContent, columns: Sequence[_Column], trial: FrozenTrial, apart: float
) -> Iterator[tuple[float, float]]:
    params = len(columns) - len(content.metrics)
    for place, column in enumerate(columns):
        if place < params:
            share = column.share(trial.params[column.name]) if column.name in trial.params else None
        else:
            share = column.share(trial.values[place - params])
        yield _LEFT + place * apart, _ABSENT if share is None else _up(share)


def _up(share: float) -> float:
    return _TOP + (1 - share) * (_HEIGHT - _BOTTOM - _TOP)
