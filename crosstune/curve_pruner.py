"""A pruner that predicts where a learning curve ends."""

from __future__ import annotations

import math
import sys
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from statistics import NormalDist, fmean, median
from typing import Any

from optuna.pruners import BasePruner
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from crosstune.errors import RequestError
from crosstune.trials import budget

# The scale and the prior of the prediction. They were chosen on recorded curves, and are checked on
# others: see `crosstune.benchmarks.curves`.
FLOOR = 0.1
"""Differences far below this share of the typical distance from the best value do not count."""
GAIN = 1.0
"""The standard deviation of what trials gain on average, on a logarithmic scale."""
NOISE, NOISE_TRIALS = 0.6, 6.0
"""The expected standard deviation around that average, and how many trials that is worth, over
2."""

HOPELESS = 10.0
"""Places further off than this, on that scale, are alike."""
EXPLODED = 2.0
"""The most that a trial is taken to lose, so one whose training exploded does not blur the rest."""

REPEATED = 2
"""How many different reports in common show that a trial repeats another."""


@dataclass(frozen=True)
class Curve:
    """The reports of one trial, turned so that lower is better.

    Attributes:
        steps: at which it reported, ascending.
        best: the best report up to each of them; infinite while there was no number.
        value: of a complete trial.
    """

    steps: Sequence[int]
    best: Sequence[float]
    value: float | None

    def at(self, step: int) -> float:
        """The best report up to a step; infinite where there is none."""
        count = bisect_right(self.steps, step)
        return self.best[count - 1] if count else math.inf


class CurvePruner(BasePruner):
    """Stops a trial when its chance to beat the best one is not worth the rest of its training.

    From the second report on the final value is predicted from the best report so far and from
    what the complete trials of the study gained after this step. The prediction is a normal
    distribution, as wide as those gains differ, and wide while they are few. A trial is stopped
    when the chance that it ends better than the best one falls under `level` times the share of
    its training that is left. So a chance has to be good where it is dear, and a trial that has
    come far is seldom stopped. One that stands as well as the best one did at this step goes on
    in any case.

    A trial with the parameters of a complete one that reports just what that did, and not always
    the same, is a repeat, and is stopped as well.

    What is reported has to be the metric that the objective gives back, as for Optuna's pruners.
    NaN and infinity count as no report; a trial that has nothing else is stopped.

    Args:
        level: the chance below which a whole training is not worth it, in (0, 1). Higher is
            cheaper, lower is safer.
        n_startup_trials: how many complete trials it takes before any is stopped, 2 or more.
        n_warmup_steps: before this step none is stopped.

    Raises:
        RequestError: an argument out of its range.

    >>> import optuna
    >>> study = optuna.create_study(pruner=CurvePruner())
    """

    def __init__(
        self, level: float = 0.15, *, n_startup_trials: int = 3, n_warmup_steps: int = 0
    ) -> None:
        if not isinstance(level, int | float) or not 0 < level < 1:
            raise RequestError(f"level is a chance between 0 and 1, not {level!r}")
        for name, number, least in (
            ("n_startup_trials", n_startup_trials, 2),
            ("n_warmup_steps", n_warmup_steps, 0),
        ):
            if not isinstance(number, int) or number < least:
                raise RequestError(f"{name} is a whole number from {least} on, not {number!r}")
        self._level = level
        self._n_startup_trials = n_startup_trials
        self._n_warmup_steps = n_warmup_steps
        self._curves: dict[tuple[str, int, datetime | None, StudyDirection], Curve] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_curves": {}}  # what it keeps of them is told by the study

    def prune(self, study: Study, trial: FrozenTrial) -> bool:
        """Whether to stop a trial at its last report."""
        step = trial.last_step
        if step is None or step < self._n_warmup_steps:
            return False
        if len(trial.intermediate_values) < 2:
            return False  # one point is no curve
        finished = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))
        if any(_repeats(trial, past) for past in finished):
            return True
        name, direction = study.study_name, study.direction
        curves = [self._curve(name, past, direction) for past in finished]
        complete = [
            curve
            for curve in curves
            if math.isfinite(_value(curve))
            and curve.steps
            and curve.steps[-1] >= step
            and math.isfinite(curve.at(step))
        ]
        if len(complete) < self._n_startup_trials:
            return False
        now = _curve(trial, direction).at(step)
        if not math.isfinite(now):
            return True  # there was no number in all of its reports
        if now <= min(complete, key=_value).at(step):
            return False
        left = _share_left(trial, step, complete)
        return chance(now, step, complete, curves) < self._level * left

    def _curve(self, study: str, trial: FrozenTrial, direction: StudyDirection) -> Curve:
        """The curve of a finished trial, which does not change."""
        key = (study, trial.number, trial.datetime_start, direction)
        if key not in self._curves:
            self._curves[key] = _curve(trial, direction)
        return self._curves[key]


def chance(now: float, step: int, complete: Sequence[Curve], seen: Iterable[Curve]) -> float:
    """The chance that a trial ends below the best value of the complete ones.

    Gains, on a logarithmic scale, are taken as normal with unknown mean and variance under the
    conjugate prior (Gelman et al., Bayesian Data Analysis, 3.3).

    Args:
        now: the best report so far, finite.
        step: at which.
        complete: trials that came this far and have a value.
        seen: all finished trials, which give the scale.
    """
    values = [_value(curve) for curve in complete]
    stood = [curve.at(step) for curve in complete]
    known = [place for place in (curve.at(step) for curve in seen) if math.isfinite(place)]
    lowest = min(now, *values, *known)
    distances = [place - lowest for place in (now, *values, *known)]
    typical = min(median(distances) or max(distances) or 1.0, sys.float_info.max)

    def far(place: float) -> float:
        return min(math.log((place - lowest) / typical + FLOOR), HOPELESS)

    gains = [
        min(far(value) - far(place), EXPLODED) for value, place in zip(values, stood, strict=True)
    ]
    count, average = len(gains), fmean(gains)
    prior = (NOISE / GAIN) ** 2
    expected = count / (prior + count) * average
    misfit = sum((gain - average) ** 2 for gain in gains) + prior * average * expected
    variance = (NOISE_TRIALS * NOISE**2 + misfit) / (NOISE_TRIALS + count - 2)
    deviation = math.sqrt(variance * (1 + 1 / (prior + count)))
    return NormalDist(far(now) + expected, deviation).cdf(far(min(values)))


def _curve(trial: FrozenTrial, direction: StudyDirection) -> Curve:
    sign = -1.0 if direction == StudyDirection.MAXIMIZE else 1.0
    reports = sorted(trial.intermediate_values.items())
    turned = (math.inf if math.isnan(value) else sign * value for _, value in reports)
    value = sign * trial.values[0] if trial.state == TrialState.COMPLETE else None
    return Curve([step for step, _ in reports], list(accumulate(turned, min)), value)


def _value(curve: Curve) -> float:
    """The value; infinite where there is none."""
    return math.inf if curve.value is None else curve.value


def _share_left(trial: FrozenTrial, step: int, complete: Iterable[Curve]) -> float:
    """How much of its training a trial has still to do, if it trains as long as the longest."""
    first, last = min(trial.intermediate_values), max(curve.steps[-1] for curve in complete)
    return (last - step) / (last - first + 1)


def _repeats(trial: FrozenTrial, past: FrozenTrial) -> bool:
    """Whether a trial has done all that a complete one of the same parameters did so far.

    Reports that are all alike show nothing: an accuracy may stay at that of guessing. One that a
    scheduler trains further is no repeat of its earlier rung.
    """
    if not trial.params or past.state != TrialState.COMPLETE or past.params != trial.params:
        return False
    reports = trial.intermediate_values
    return (
        len(set(reports.values())) >= REPEATED
        and reports.items() <= past.intermediate_values.items()
        and budget(past) == budget(trial)
    )
