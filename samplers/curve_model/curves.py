"""Learning curves from the reports of trials, and the scale of steps on which they compare."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from crosstune.engines.feasibility import is_feasible
from crosstune.samplers.curve_model.trial_coordinates import Place, place

RUNGS = 10
"""Number of steps, evenly spaced in their logarithm, that are used of a curve."""


@dataclass(frozen=True)
class LearningCurve:
    """The reports of one trial, turned so that lower is better.

    Attributes:
        steps: of the reports that are numbers, ascending.
        best: the best report up to each step.
        value: of a complete and feasible trial; infinite for others.
        place: coordinates of its parameters.
        feasible: whether the trial satisfies its constraints, so that it may lead.
    """

    steps: Sequence[int]
    best: Sequence[float]
    value: float
    place: Place
    feasible: bool = True

    def at(self, step: float) -> float:
        """The best report up to a step; infinite if there is none."""
        count = bisect_right(self.steps, step)
        return self.best[count - 1] if count else math.inf


def curve(trial: FrozenTrial, direction: StudyDirection) -> LearningCurve:
    """The curve of a trial, without reports that are NaN or infinite."""
    sign = -1.0 if direction == StudyDirection.MAXIMIZE else 1.0
    reports = [
        (step, sign * report)
        for step, report in sorted(trial.intermediate_values.items())
        if math.isfinite(report)
    ]
    feasible = is_feasible(trial)
    counts = trial.state == TrialState.COMPLETE and feasible
    value = sign * trial.values[0] if counts else math.inf
    best = list(accumulate((report for _, report in reports), min))
    return LearningCurve([step for step, _ in reports], best, value, place(trial), feasible)


class Schedule:
    """The progress of a training at a step: 0 at its first report, 1 at its last.

    In between it is the logarithm of the number of reports, so that a tenth of a long training
    is more than half of the way. The longest complete curve determines the end and the number of
    steps between two reports.

    Args:
        complete: curves with two reports or more.

    Attributes:
        last: the last step.
    """

    def __init__(self, complete: Iterable[LearningCurve]):
        longest = max(complete, key=lambda curve: (curve.steps[-1], len(curve.steps)))
        self._first, self.last = longest.steps[0], longest.steps[-1]
        self._count = len(longest.steps)
        self._interval = (self.last - self._first) / (self._count - 1)
        counts = {round(self._count ** (k / (RUNGS - 1))) for k in range(RUNGS)}
        self._rungs = [self._first + (count - 1) * self._interval for count in sorted(counts)]

    def along(self, step: float) -> float:
        """The progress at a step, in [0, 1]."""
        reports = min(max(1 + (step - self._first) / self._interval, 1.0), self._count)
        return math.log(reports) / math.log(self._count)

    def left(self, step: float) -> float:
        """The share of a training that remains after a step."""
        return (self.last - step) / (self.last - self._first + self._interval)

    def passes(self, before: float, step: float) -> bool:
        """Whether a rung is after `before` and not after `step`."""
        return bisect_right(self._rungs, step) > bisect_right(self._rungs, before)

    def looks(self, curve: LearningCurve) -> list[float]:
        """The steps that are used of a curve: the rungs it passed, and its last report."""
        first, last = curve.steps[0], curve.steps[-1]
        return [
            *self._rungs[bisect_left(self._rungs, first) : bisect_left(self._rungs, last)],
            last,
        ]
