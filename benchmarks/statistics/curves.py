"""Anytime curves: the incumbent over trials, epochs or seconds."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from crosstune.benchmarks.match.results import MatchRun, Results
from crosstune.benchmarks.statistics import intervals
from crosstune.benchmarks.statistics.scores import ScoredProblem
from crosstune.benchmarks.statistics.verdicts import IncumbentCurve

AXES = ("trials", "epochs", "seconds")
POINTS = 100
"""The largest number of points of a curve over epochs or seconds."""

Steps = tuple[NDArray[np.float64], NDArray[np.float64]]
"""When each feasible trial ended, ascending, and the incumbent from then on."""


def steps(run: MatchRun, axis: str, *, maximize: bool) -> Steps:
    """The budgets at which the incumbent of a run changed.

    Args:
        run: its feasible trials count.
        axis: one of `AXES`.
        maximize: whether higher is better.
    """
    evaluations = sorted(run.evaluations, key=lambda evaluation: evaluation.number)
    if axis == "trials":
        ends = np.array([evaluation.number + 1 for evaluation in evaluations], dtype=float)
    elif axis == "epochs":
        ends = np.cumsum([float(evaluation.epochs) for evaluation in evaluations])
    else:
        ends = np.array([evaluation.ended for evaluation in evaluations])
    feasible = np.array([evaluation.counts for evaluation in evaluations], dtype=bool)
    values = np.array([evaluation.value for evaluation in evaluations], dtype=float)
    order = np.argsort(ends[feasible], kind="stable")
    accumulate = np.maximum.accumulate if maximize else np.minimum.accumulate
    return ends[feasible][order], accumulate(values[feasible][order])


def _at(budget: NDArray[np.float64], incumbent: Steps) -> NDArray[np.float64]:
    """The incumbent at each budget; NaN before the first, constant after the last."""
    ends, best = incumbent
    index = np.searchsorted(ends, budget, side="right") - 1
    return (
        np.where(index >= 0, best[np.maximum(index, 0)], np.nan) if len(best) else budget * np.nan
    )


def _budget(results: Results, problem: ScoredProblem, axis: str) -> NDArray[np.float64]:
    evaluations = [run.evaluations for row in problem.runs for run in row]
    if axis == "seconds":
        most = max((evaluation.ended for run in evaluations for evaluation in run), default=0.0)
        return np.linspace(0.0, results.settings.seconds or most, POINTS + 1)[1:]
    if axis == "epochs":
        total = max(sum(evaluation.epochs for evaluation in run) for run in evaluations)
        limit = max(results.settings.epochs or total, 1)
    else:
        # Trials are numbered from 0; a curve has a point per trial up to 200.
        total = max((evaluation.number + 1 for run in evaluations for evaluation in run), default=0)
        limit = max(results.settings.trials or total, 1)
    points = POINTS if axis == "epochs" else 2 * POINTS
    return np.unique(np.round(np.linspace(1, limit, min(limit, points))))


def axes_of(problem: ScoredProblem) -> tuple[str, ...]:
    """The axes on which contenders may differ: trials, and epochs and seconds if recorded."""
    trials = [evaluation for row in problem.runs for run in row for evaluation in run.evaluations]
    has = (True, any(trial.epochs != 1 for trial in trials), any(t.ended > 0 for t in trials))
    return tuple(axis for axis, there in zip(AXES, has, strict=True) if there)


def curves(
    results: Results, problem: ScoredProblem, axes: Sequence[str] | None, level: float
) -> dict[str, dict[str, IncumbentCurve]]:
    """The curves of a problem, by contender and axis.

    A run whose trials are all infeasible has the worst final score of any run everywhere.

    Args:
        results, problem: the match, and the runs of the problem.
        axes: some of `AXES`; all recorded ones, if None.
        level: of the bands, such as 0.95.
    """
    about, contenders = problem.about, results.settings.contenders
    drawn: dict[str, dict[str, IncumbentCurve]] = {name: {} for name in contenders}
    hopeless = np.array([[[run.hopeless] for run in row] for row in problem.runs])
    for axis in axes or axes_of(problem):
        budget = _budget(results, problem, axis)
        heights = np.array(
            [
                [_at(budget, steps(run, axis, maximize=about.maximize)) for run in row]
                for row in problem.runs
            ]
        )
        heights = np.where(hopeless, problem.tuned.values[:, :, None], heights)
        if problem.tuned.empty is not None:
            heights = np.where(np.isnan(heights), problem.tuned.empty, heights)
        regret = problem.tuned.normalised(heights)
        with warnings.catch_warnings():
            # No run has a complete trial at the first points.
            warnings.simplefilter("ignore", RuntimeWarning)
            worst = np.nanmax(regret) if not np.isnan(regret).all() else np.nan
        areas = np.where(np.isnan(regret), worst, regret).mean(axis=(1, 2))
        for name, values, area in zip(contenders, heights, areas, strict=True):
            low, high = intervals.of_curve(values, level)
            drawn[name][axis] = IncumbentCurve(budget, values.mean(axis=0), low, high, float(area))
    return drawn
