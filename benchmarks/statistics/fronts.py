"""A run with several metrics or constraints as one score after each of its trials.

All other statistics take the scores as they take the values of one metric. So a run with several
metrics becomes a run whose trials have the hypervolume regret of the front found so far.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from crosstune.benchmarks.match.results import About, Evaluation, FrontScale, MatchRun
from crosstune.engines.feasibility import beaten
from crosstune.errors import RequestError
from crosstune.spec.measures import Metric
from crosstune.system.extras import needing

REACH = 1.1
"""The coordinate of the reference point of the hypervolume, where the ideal is 0 and the reference
of a metric 1. So the ends of the front count too."""
BEYOND = 0.1
"""How much worse than the reference a run without a feasible trial is, in the range of the metric,
under constraints with one metric."""


def volume(points: NDArray[np.float64]) -> float:
    """The hypervolume of normalised points to be minimised, 1 where they reach the ideal.

    Args:
        points: shape (n, metrics); the ideal is 0, and `REACH` and more count nothing.

    Raises:
        MissingLibrary: moocore is not installed.

    >>> volume(np.array([[0.0, 0.0]])), volume(np.empty((0, 2)))
    (1.0, 0.0)
    """
    inside = points[(points < REACH).all(axis=1)]
    if not len(inside):
        return 0.0
    with needing("a match with several metrics", "crosstune[compare]", "moocore"):
        import moocore
    whole = REACH ** points.shape[1]
    volume = float(moocore.hypervolume(inside, ref=[REACH] * points.shape[1]))
    return volume / float(whole)


def losses(points: Iterable[Sequence[float]], metrics: Sequence[Metric]) -> NDArray[np.float64]:
    """Values of several metrics, negated where more is better; shape (n, metrics)."""
    signs = np.array([-1.0 if metric.direction == "maximize" else 1.0 for metric in metrics])
    return np.asarray(np.array(list(points), float).reshape(-1, len(signs)) * signs)


def normalised(
    points: Iterable[Sequence[float]], metrics: Sequence[Metric], scale: FrontScale
) -> NDArray[np.float64]:
    """Values of several metrics where the ideal is 0 and the reference 1.

    Args:
        points: in the units of the metrics.
        metrics: of the problem.
        scale: of the problem.
    """
    ideal, reference = losses((scale.ideal, scale.reference), metrics)
    spread = np.where(reference > ideal, reference - ideal, 1.0)
    return np.asarray((losses(points, metrics) - ideal) / spread)


def regret(hypervolume: float, scale: FrontScale) -> float:
    """The hypervolume regret: 0 for the best known front, 1 for random search."""
    return (scale.best - hypervolume) / _span(scale)


def hypervolume(regrets: NDArray[np.float64], scale: FrontScale) -> NDArray[np.float64]:
    """The inverse of `regret`."""
    return np.asarray(scale.best - regrets * _span(scale))


def _span(scale: FrontScale) -> float:
    span = scale.best - scale.random
    return span if span > 1e-12 else 1.0


def nothing_feasible(about: About) -> float | None:
    """The score of a run without a feasible trial; None if it is not fixed."""
    scale = about.scale
    if scale is None:
        return None
    if about.metrics:
        return regret(0.0, scale)
    spread = abs(scale.reference[0] - scale.ideal[0]) or max(abs(scale.reference[0]), 1.0)
    return scale.reference[0] + BEYOND * (-spread if about.maximize else spread)


def scored(run: MatchRun, about: About) -> MatchRun:
    """The run with a score in the place of the value of each feasible trial.

    With several metrics it is the hypervolume regret of all feasible trials up to this one. Under
    constraints with one metric it is the value, but not worse than the reference, which a run
    without a feasible trial is.

    Args:
        run: without values that are not finite.
        about: the problem.
    """
    scale = about.scale
    if scale is None:
        return run
    if about.metrics:
        scores = _regrets(run.evaluations, about.metrics, scale)
    else:
        bound = max if about.maximize else min
        scores = {
            trial.number: bound(trial.value, scale.reference[0])
            for trial in run.evaluations
            if trial.counts and trial.value is not None
        }
    evaluations = tuple(
        replace(trial, value=scores.get(trial.number, trial.value)) for trial in run.evaluations
    )
    return replace(run, evaluations=evaluations)


def _regrets(
    trials: Sequence[Evaluation], metrics: Sequence[Metric], scale: FrontScale
) -> dict[int, float]:
    feasible = [trial for trial in trials if trial.counts]
    feasible.sort(key=lambda trial: (trial.ended, trial.number))
    points = normalised((trial.values for trial in feasible), metrics, scale)
    front = np.empty((0, len(metrics)))
    regrets: dict[int, float] = {}
    now = regret(0.0, scale)
    for trial, point in zip(feasible, points, strict=True):
        if (point < REACH).all() and not (front <= point).all(axis=1).any():
            front = np.vstack([front[~(point <= front).all(axis=1)], point])
            now = regret(volume(front), scale)
        regrets[trial.number] = now
    return regrets


def is_finite(trial: Evaluation) -> bool:
    """True if every metric of a trial is a finite number."""
    values = trial.values or (trial.value,)
    return all(value is not None and math.isfinite(value) for value in values)


def front_scale(
    runs: Sequence[MatchRun], metrics: Sequence[Metric], best_known: Sequence[Sequence[float]] = ()
) -> FrontScale:
    """The scale of a problem, from runs of random search.

    The reference of a metric is its worst value on the front of all runs, or its median over their
    feasible trials where that is worse. If no trial is feasible, all complete ones count instead.
    With one metric the reference is the worst value.

    Args:
        runs: of random search.
        metrics: of the problem, one or more.
        best_known: the points of the best known front, if there is one.

    Raises:
        RequestError: no trial is complete.
    """
    trials = [trial for run in runs for trial in run.evaluations]
    complete = [trial for trial in trials if trial.state == "complete" and is_finite(trial)]
    counted = [trial for trial in complete if trial.counts] or complete
    if not counted:
        raise RequestError(
            "random search has no complete trial, so there are no ranges of the metrics to score by"
        )
    measured = losses([trial.values or (trial.value or 0.0,) for trial in counted], metrics)
    front = losses(best_known, metrics) if len(best_known) else measured[~beaten(measured)]
    several = len(metrics) > 1
    reference = np.maximum(front.max(axis=0), np.median(measured, axis=0))
    ideal, reference = front.min(axis=0), reference if several else measured.max(axis=0)
    (best, worst) = losses((ideal, reference), metrics)
    scale = FrontScale(tuple(best.tolist()), tuple(worst.tolist()))
    if not several:
        return scale
    volumes = [
        volume(
            normalised(
                [trial.values for trial in run.evaluations if _counts(trial)], metrics, scale
            )
        )
        for run in runs
    ]
    points = losses(front, metrics)
    top = max(volume(normalised(points, metrics, scale)), *volumes)
    return replace(scale, best=top, random=float(np.mean(volumes)))


def _counts(trial: Evaluation) -> bool:
    return trial.counts and is_finite(trial)
