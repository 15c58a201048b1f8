"""The evaluated points of a study by a model of its complete trials, and the leader among them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from optuna.trial import FrozenTrial
from threadpoolctl import threadpool_limits

from crosstune.engines.feasibility import is_feasible
from crosstune.recommendation.evaluated_space import space_of_trials
from crosstune.recommendation.noise import ScaledFit, with_noise, without_noise
from crosstune.recommendation.scale import SHIFTS, Numbers, Scale
from crosstune.samplers.gaussian_process.encoding import Encoding
from crosstune.samplers.gaussian_process.kernel import parts
from crosstune.space.space import Space

MOST, ENTRIES = 160, 10**6
"""Maximum number of modelled trials n, half of them the best and half the latest of the others; and
of n^2 d with d parameters."""
FEWEST = 8
"""Minimum number of trials for a model."""
EVIDENCE = 3.5
"""By how much the log density with noise has to exceed that without. On functions and tables
without noise it reached 2.2 where the leader was not the best trial."""
EQUAL = 1e-9
"""Values that differ by this share of the scale's unit are equal, as sums in another order."""
TIED = 0.1
"""Up to this share of ties among different points, equal repeats show that nothing is random."""


@dataclass(frozen=True)
class EvaluatedPoint:
    """A point of the study.

    Attributes:
        trials: its complete and feasible trials, the best one first.
        middle, deviation: of its value on the scale of the model, less is better.
    """

    trials: tuple[FrozenTrial, ...]
    middle: float
    deviation: float


@dataclass(frozen=True)
class Leaders:
    """The evaluated points by the model.

    Attributes:
        points: that are feasible.
        covariance: (m, m) of their values on the scale.
        fit: the model.
        noise: the variance of a single evaluation, on the scale.
        maximize: whether higher values of the metric are better.
    """

    points: Sequence[EvaluatedPoint]
    covariance: Numbers
    fit: ScaledFit
    noise: float
    maximize: bool

    @property
    def first(self) -> int:
        """The leader: the point whose value is best if it is a deviation worse than expected."""
        return int(np.argmin([point.middle + point.deviation for point in self.points]))

    def in_units(self, point: EvaluatedPoint) -> tuple[float, float]:
        """The median of the expected value and its deviation, in the metric's units."""
        middle, deviation = self.fit.scale.range(point.middle, point.deviation)
        return (-middle if self.maximize else middle), deviation

    def noise_in_units(self, point: EvaluatedPoint) -> float:
        """The deviation of a single evaluation of a point, in the metric's units."""
        return self.fit.scale.range(point.middle, math.sqrt(self.noise))[1]

    def next_repeat(self, running: Mapping[int, int]) -> FrozenTrial:
        """The trial whose point to evaluate again.

        The decision that is least certain is that between the leader and the point with the highest
        chance to be better. Of the two, it is the one of which less is known.

        Args:
            running: how many evaluations of a point are under way, by the number of a trial there.
        """
        variance = np.diagonal(self.covariance).copy()
        for number, point in enumerate(self.points):
            more = sum(running.get(trial.number, 0) for trial in point.trials)
            variance[number] *= self.noise / (self.noise + more * variance[number])
        middle = np.array([point.middle for point in self.points])
        first = self.first
        apart = variance + variance[first] - 2 * self.covariance[first]
        chances = (middle[first] - middle) / np.sqrt(np.maximum(apart, 1e-12))
        chances[first] = -math.inf
        second = int(np.argmax(chances))
        return self.points[second if variance[second] > variance[first] else first].trials[0]


@dataclass(frozen=True)
class _Modelled:
    """Trials as the model takes them.

    Attributes:
        trials: complete, with a finite value.
        values: (n,) less is better.
        parts: (d, n, n) squared distances by parameter; d may be 0.
        keys: equal for equal points.
    """

    trials: Sequence[FrozenTrial]
    values: Numbers
    parts: Numbers
    keys: Sequence[bytes]


def leaders(
    trials: Sequence[FrozenTrial],
    declared: Space | None,
    *,
    maximize: bool,
    noisy: bool | None = None,
) -> Leaders | None:
    """The evaluated points by a model with noise; None if the values give no reason for one.

    Args:
        trials: of the study, of any states.
        declared: its space; None, or one without some of the points: it is learnt.
        maximize: whether higher values are better.
        noisy: True for a model in any case; None: if the trials show that there is noise.
    """
    with threadpool_limits(1, user_api="blas"):
        modelled = _modelled(trials, declared, maximize=maximize)
        if modelled is None or not len(modelled.parts):
            return None
        if noisy is None:
            noisy = _repeats_differ(modelled)
        fit = None
        if noisy is None:
            if len(modelled.trials) < FEWEST:
                return None
            fit = with_noise(modelled.parts, modelled.values)
            evidence = without_noise(modelled.parts, modelled.values) - fit.score
            noisy = evidence > EVIDENCE
        if not noisy:
            return None
        fit = fit or with_noise(modelled.parts, modelled.values)
        return _by_model(modelled, fit, maximize=maximize)


def _modelled(
    trials: Sequence[FrozenTrial], declared: Space | None, *, maximize: bool
) -> _Modelled | None:
    sign = -1.0 if maximize else 1.0
    complete = [
        trial
        for trial in trials
        if trial.params and trial.values is not None and math.isfinite(trial.values[0])
        if trial.state.name == "COMPLETE"
    ]
    complete = _subset(complete, sign)
    values = np.array([sign * trial.values[0] for trial in complete])
    if len(set(values.tolist())) < 2:
        return None
    space, points = space_of_trials(complete, declared)
    encoding = Encoding(space)
    rng = np.random.default_rng(0)  # for entries that are not active
    rows = np.array([encoding.encode(point, rng) for point in points])
    squares = parts(encoding, encoding.points(rows))
    return _Modelled(complete, values, squares, encoding.keys(rows))


def _subset(trials: Sequence[FrozenTrial], sign: float) -> list[FrozenTrial]:
    """As many trials as are modelled, in their order."""
    width = max((len(trial.params) for trial in trials), default=1)
    most = min(MOST, math.isqrt(ENTRIES // width))
    if len(trials) <= most:
        return list(trials)
    ranked = sorted(trials, key=lambda trial: sign * trial.values[0])
    best = {trial.number for trial in ranked[: most // 2]}
    others = [trial.number for trial in trials if trial.number not in best]
    chosen = best | set(others[-(most - len(best)) :])
    return [trial for trial in trials if trial.number in chosen]


def _repeats_differ(modelled: _Modelled) -> bool | None:
    """Whether repeats of a point have different values; None if no repeats can tell."""
    by_point: dict[bytes, list[float]] = {}
    for key, value in zip(modelled.keys, modelled.values.tolist(), strict=True):
        by_point.setdefault(key, []).append(value)
    least = EQUAL * 2 * Scale.of(modelled.values, SHIFTS[0]).unit
    repeated = [values for values in by_point.values() if len(values) > 1]
    if any(max(values) - min(values) > least for values in repeated):
        return True
    distinct = len({value for values in by_point.values() for value in values})
    if repeated and distinct >= (1 - TIED) * len(by_point):
        return False
    return None


def _by_model(modelled: _Modelled, fit: ScaledFit, *, maximize: bool) -> Leaders | None:
    sign = -1.0 if maximize else 1.0
    by_point: dict[bytes, list[int]] = {}
    for row, (key, trial) in enumerate(zip(modelled.keys, modelled.trials, strict=True)):
        if is_feasible(trial):
            by_point.setdefault(key, []).append(row)
    if not by_point:
        return None
    chosen = [rows[0] for rows in by_point.values()]
    mean, covariance, noise = fit.likelihood.posterior(fit.theta, chosen)
    deviation = np.sqrt(np.maximum(np.diagonal(covariance), 1e-12))
    points = [
        EvaluatedPoint(
            tuple(
                sorted(
                    (modelled.trials[row] for row in rows),
                    key=lambda trial: (sign * trial.values[0], trial.number),
                )
            ),
            float(mean[number]),
            float(deviation[number]),
        )
        for number, rows in enumerate(by_point.values())
    ]
    return Leaders(points, covariance, fit, noise, maximize)
