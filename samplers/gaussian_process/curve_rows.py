"""The rows of the curve model: which reports of which configurations it sees, and their targets.

A configuration is a point with its reports so far, over all trials that trained it. Reports are
used at positions that grow by a factor of 1.6, and at the last one.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crosstune.samplers.gaussian_process.dimensions import Numbers

RUNG = 1.6
"""Factor between the positions of two used reports."""
FLOOR = 0.92
"""The shift before the logarithm: gaps near the best value are stretched twice as much as typical
ones."""
HOPELESS = 3.0
"""Upper limit on the logarithm, so that a training that exploded has no more weight than others."""
FAILURE_NOISE = 0.3
"""Variance of noise of a failed trial, beside the fitted one."""


@dataclass(frozen=True)
class Curve:
    """The reports of one configuration, turned so that lower is better.

    Attributes:
        steps: of the reports that are finite, ascending.
        values: of those reports.
        end: the value after the whole training; None while it is unfinished.
        failed: whether it has neither value nor reports.
    """

    steps: Sequence[float]
    values: Sequence[float]
    end: float | None = None
    failed: bool = False


NO_CURVE = Curve((), (), failed=True)


@dataclass(frozen=True)
class TrainingHorizon:
    """The unit of steps, and the length of a whole training.

    Attributes:
        first: the first step.
        interval: steps between two reports.
        length: number of reports of a whole training, above 1.
    """

    first: float
    interval: float
    length: float

    @classmethod
    def of(cls, curves: Sequence[Curve], epochs: float | None) -> TrainingHorizon | None:
        """The horizon of some curves; None if none has two reports.

        Args:
            curves: of a study.
            epochs: the step at which a whole training ends; None to take the longest curve's, of
                the finished ones if there are any.
        """
        used = [curve for curve in curves if len(curve.steps) > 1]
        if not used:
            return None
        finished = [curve for curve in used if curve.end is not None]
        longest = max(finished or used, key=lambda curve: (curve.steps[-1], len(curve.steps)))
        count, first = len(longest.steps), longest.steps[0]
        interval = (longest.steps[-1] - first) / (count - 1)
        length = float(count) if epochs is None else max(epochs / interval, count)
        return cls(first, interval, length)

    def position(self, step: float) -> float:
        """The number of reports up to a step, from 1 to the length."""
        return min(max(1.0 + (step - self.first) / self.interval, 1.0), self.length)


@dataclass(frozen=True)
class Rows:
    """The rows of the curve model, those of one configuration after another.

    Attributes:
        of: (n,) the number of the configuration.
        times: (n,) the logarithm of the position, 0 for the first report and 1 for the end.
        left: (n,) the share of the training that is left, 0 at the end.
        values: (n,), standardised.
        extra: (n,) variances of noise beside the fitted one.
    """

    of: NDArray[np.intp]
    times: Numbers
    left: Numbers
    values: Numbers
    extra: Numbers

    def __len__(self) -> int:
        return len(self.of)

    def __getitem__(self, chosen: NDArray[np.intp]) -> Rows:
        """Some of the rows, with their configurations numbered anew."""
        _, of = np.unique(self.of[chosen], return_inverse=True)
        return Rows(
            of, self.times[chosen], self.left[chosen], self.values[chosen], self.extra[chosen]
        )


@dataclass(frozen=True)
class TargetScale:
    """The scale of the targets: the standardised logarithm of the distance from the lowest value.

    Attributes:
        low, high: the least and the greatest value.
        unit: half of the typical distance from the lowest value; 0 if all are equal.
        mean, deviation: of the logarithms.
    """

    low: float
    high: float
    unit: float
    mean: float
    deviation: float

    def scaled(self, values: Numbers | Sequence[float]) -> Numbers:
        """Targets of values; those outside the range become its ends."""
        clipped = np.clip(np.asarray(values, float), self.low, self.high)
        if self.unit <= 0:
            return np.zeros(len(clipped))
        shares = np.minimum((clipped / 2 - self.low / 2) / self.unit, math.exp(HOPELESS))
        return np.asarray((np.log(shares + FLOOR) - self.mean) / self.deviation)

    def unscaled(self, targets: Numbers) -> Numbers:
        """Values of targets, which may be below the lowest value."""
        logs = np.minimum(self.mean + self.deviation * targets, HOPELESS)
        return np.asarray(self.low + 2.0 * self.unit * (np.exp(logs) - FLOOR))


def rows(curves: Sequence[Curve], horizon: TrainingHorizon) -> tuple[Rows, TargetScale]:
    """The rows of some curves: at each rung that was passed the report, and the last or the end.

    A value v becomes log((v - lowest) / typical + floor), where the typical gap is the median over
    configurations of their last values' distance from the lowest one. A failed trial has the worst
    last value, with noise.

    Args:
        curves: of a study, each with a report or an end unless it failed.
        horizon: of these curves.

    Returns:
        The rows, and the scale of their values.
    """
    of: list[int] = []
    positions: list[float] = []
    values: list[float] = []
    lasts: list[float] = []
    failures: list[int] = []
    looks: dict[tuple[float, ...], list[tuple[int, float]]] = {}
    for i, curve in enumerate(curves):
        if curve.failed:
            failures.append(i)
            continue
        steps = tuple(curve.steps)  # most curves report at the same ones
        if steps not in looks:
            looks[steps] = _looks([horizon.position(step) for step in steps], horizon.length)
        seen = [(at, curve.values[k]) for k, at in looks[steps]]
        if curve.end is not None:
            seen = [(at, value) for at, value in seen if at < horizon.length]
            seen.append((horizon.length, curve.end))
        of += [i] * len(seen)
        positions += [at for at, _ in seen]
        values += [value for _, value in seen]
        lasts.append(seen[-1][1])
    scale = scale_of(values, lasts)
    targets = scale.scaled(values)
    worst = float(scale.scaled(lasts).max()) if lasts else 0.0
    of += failures
    numbers = np.array(of, np.intp)
    order = np.argsort(numbers, kind="stable")
    at = np.array(positions + [horizon.length] * len(failures))
    extra = np.repeat([0.0, FAILURE_NOISE], [len(positions), len(failures)])
    targets = np.concatenate([targets, np.full(len(failures), worst)])
    left = 1.0 - at / horizon.length
    times = np.log(at) / math.log(horizon.length)
    return Rows(numbers[order], times[order], left[order], targets[order], extra[order]), scale


def _looks(positions: Sequence[float], length: float) -> list[tuple[int, float]]:
    """Which reports are used, and where they are: the first at or after each rung, the last."""
    if not positions:
        return []
    looks = {len(positions) - 1}
    rung = 1.0
    while rung < min(length, positions[-1]):
        looks.add(bisect_left(positions, rung - 1e-9))
        rung = max(rung * RUNG, rung + 1.0)
    return [(look, positions[look]) for look in sorted(looks)]


def scale_of(values: Sequence[float], lasts: Sequence[float]) -> TargetScale:
    """The scale on which values are modelled.

    Args:
        values: of the rows; infinite ones do not count.
        lasts: the last value of each configuration.
    """
    numbers, reached = np.array(values, float), np.array(lasts, float)
    finite = numbers[np.isfinite(numbers)]
    if not len(finite):
        return TargetScale(0.0, 0.0, 0.0, 0.0, 1.0)
    low, high = float(finite.min()), float(finite.max())
    # Halves, since differences may be beyond the largest number.
    gaps = np.clip(reached, low, high) / 2 - low / 2
    unit = float(np.median(gaps)) or float(np.mean(gaps))
    plain = TargetScale(low, high, unit, 0.0, 1.0)
    logs = plain.scaled(numbers)
    return TargetScale(low, high, unit, float(logs.mean()), float(logs.std()) or 1.0)
