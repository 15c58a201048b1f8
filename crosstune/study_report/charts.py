"""The figures of a study: history, front, parallel coordinates, learning curves."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from optuna.trial import FrozenTrial

from crosstune.engines.feasibility import is_feasible
from crosstune.presentation.axes import Axis, Frame, axis_of
from crosstune.presentation.diagrams import Diagram, Spot, Stroke
from crosstune.presentation.palette import Look
from crosstune.presentation.tables import plain, shortened
from crosstune.study_report.content import COMPLETE, FAIL, PRUNED, StudyContent

BEST = "best so far"
DONE, CUT, BROKEN, BARRED = "complete", "pruned", "failed", "infeasible"
LEADING, FRONT, OTHERS = "best tenth", "front", "other trials"

LOOKS = {
    DONE: Look(0),
    BEST: Look(1),
    CUT: Look(4),
    BROKEN: Look(3),
    BARRED: Look(7),
    LEADING: Look(1),
    FRONT: Look(1),
    OTHERS: Look(0),
}
"""The colour of each series, the same in every figure."""

MOST_LINES = 200
"""The largest number of trials that a figure draws as lines, besides the leading ones."""

MOST_SPOTS = 2000
"""About the largest number of trials in the history; of more every k-th, and the leading ones."""

MOST_POINTS = 200
"""The largest number of points of a line."""


def history(content: StudyContent, index: int) -> Diagram | None:
    """The value of each trial, and the best so far; None without any value.

    Args:
        content: of the study.
        index: of the objective.
    """
    metric = content.metrics[index]
    values = {
        trial.number: value
        for trial in content.trials
        if (value := content.objective(trial, index)) is not None
    }
    if not values:
        return None
    last = max(1, *(trial.number for trial in content.trials))
    axis = value_axis(list(values.values()), maximize=content.maximize[index])
    frame = Frame(axis_of((0, last), whole=True), axis)
    strokes, labels = frame.drawn("trial", _with_way(content, index))
    spots, series = [], dict.fromkeys((BEST,))
    every = max(1, math.ceil(len(content.trials) / MOST_SPOTS))
    for trial in content.trials:
        if trial.number % every and trial.number not in content.leading:
            continue
        value = values.get(trial.number)
        if value is None and trial.state is not FAIL:
            continue
        name = _series(trial)
        series[name] = None
        x = frame.across(trial.number)
        y = frame.height - frame.bottom if value is None else frame.up(value)
        words = content.words(trial)
        spots.append(Spot(x, y, name, words, hollow=name != DONE, opacity=0.75, size=3.5))
    strokes.append(Stroke(tuple(_staircase(content, index, frame)), BEST, 2.25))
    name = "history" if len(content.metrics) == 1 else f"history-{index}"
    title = f"{plain(metric)} of {len(values)} trials, and the best so far"
    if every > 1:
        title += f"; one trial in {every} is shown"
    return Diagram(
        name,
        title,
        frame.width,
        frame.height,
        tuple(stroke for stroke in strokes if len(stroke.points) > 1),
        tuple(labels),
        tuple(spots),
        caption=_with_way(content, index),
        key=tuple(series),
    )


def value_axis(values: Sequence[float], *, maximize: bool) -> Axis:
    """The axis of an objective: logarithmic over three decades or more, without far outliers.

    Args:
        values: finite.
        maximize: whether larger is better; outliers on the worse side may be beyond the end.
    """
    low, high = min(values), max(values)
    if low > 0 and high / low > 1000:
        return axis_of(values, log=True)
    ordered = sorted(values, reverse=maximize)
    best, most = ordered[0], ordered[math.ceil(0.9 * len(ordered)) - 1]
    if abs(ordered[-1] - best) > 10 * abs(most - best) > 0:
        return axis_of((best, best + 1.5 * (most - best)))
    return axis_of(values)


def front(content: StudyContent) -> Diagram | None:
    """The first two of several objectives against each other; None without a complete trial."""
    trials = [
        trial
        for trial in content.complete
        if all(content.objective(trial, index) is not None for index in (0, 1))
    ]
    if not trials:
        return None
    axes = [axis_of([trial.values[index] for trial in trials]) for index in (0, 1)]
    frame = Frame(axes[0], axes[1], height=420.0)
    strokes, labels = frame.drawn(_with_way(content, 0), _with_way(content, 1))
    spots = [
        Spot(
            *frame.at(trial.values[0], trial.values[1]),
            FRONT if trial.number in content.leading else OTHERS,
            content.words(trial),
            hollow=trial.number not in content.leading,
        )
        for trial in sorted(trials, key=lambda trial: trial.number in content.leading)
    ]
    first, second = map(plain, content.metrics[:2])
    return Diagram(
        "front",
        f"{first} against {second}: {len(content.top)} of {len(trials)} trials are on the front",
        frame.width,
        frame.height,
        tuple(strokes),
        tuple(labels),
        tuple(spots),
        caption=f"{first} (to the right) against {second} (upwards)",
        key=(FRONT, OTHERS),
    )


def learning_curves(content: StudyContent) -> Diagram | None:
    """The reports of each trial over its steps; None if fewer than two trials reported twice."""
    trials = [trial for trial in content.trials if len(_reports(trial)) > 1]
    if len(trials) < 2 or content.several:
        return None
    values = [value for trial in trials for _, value in _reports(trial)]
    ends = [step for trial in trials for step, _ in _reports(trial)]
    axis = value_axis(values, maximize=content.maximize[0])
    frame = Frame(axis_of(ends, whole=True), axis)
    strokes, labels = frame.drawn("step", _with_way(content, 0))
    series: dict[str, None] = {}
    for trial in thinned(content, trials):
        name = LEADING if trial.number in content.leading else _series(trial)
        series[name] = None
        points = tuple(frame.at(step, value) for step, value in _reports(trial))
        stands_out = name == LEADING
        strokes.append(
            Stroke(
                points,
                name,
                2.0 if stands_out else 1.2,
                opacity=1.0 if stands_out else 0.45,
                words=content.words(trial),
            )
        )
    return Diagram(
        "learning-curves",
        f"The reports of {len(trials)} trials over their steps",
        frame.width,
        frame.height,
        tuple(strokes),
        tuple(labels),
        caption=_with_way(content, 0),
        key=tuple(series),
    )


def thinned(content: StudyContent, trials: Iterable[FrozenTrial]) -> list[FrozenTrial]:
    """At most `MOST_LINES` trials, evenly over the study, and then the leading ones."""
    every = list(trials)
    leading = [trial for trial in every if trial.number in content.leading]
    others = [trial for trial in every if trial.number not in content.leading]
    step = max(1, math.ceil(len(others) / MOST_LINES))
    return [*others[::step], *leading[:MOST_LINES]]


def _reports(trial: FrozenTrial) -> list[tuple[int, float]]:
    """The finite reports in the order of their steps, of the long ones every k-th."""
    reports = [
        (step, value)
        for step, value in sorted(trial.intermediate_values.items())
        if math.isfinite(value)
    ]
    every = max(1, math.ceil(len(reports) / MOST_POINTS))
    return reports if every == 1 else [*reports[:-1:every], reports[-1]]


def _staircase(content: StudyContent, index: int, frame: Frame) -> list[tuple[float, float]]:
    """The corners of the best value so far over the feasible complete trials."""
    best: float | None = None
    corners: list[tuple[float, float]] = []
    for trial in content.complete:
        value = content.objective(trial, index)
        if value is None or not is_feasible(trial):
            continue
        if best is None:
            best = value
            corners.append(frame.at(trial.number, best))
        elif value != best and (value > best) == content.maximize[index]:
            corners.append(frame.at(trial.number, best))
            best = value
            corners.append(frame.at(trial.number, best))
    if best is not None:
        corners.append(frame.at(content.trials[-1].number, best))
    return corners


def _series(trial: FrozenTrial) -> str:
    if trial.state is COMPLETE:
        return DONE if is_feasible(trial) else BARRED
    return {PRUNED: CUT, FAIL: BROKEN}.get(trial.state, CUT)


def _with_way(content: StudyContent, index: int) -> str:
    way = "higher" if content.maximize[index] else "lower"
    return f"{shortened(plain(content.metrics[index]), 40)}, {way} is better"
