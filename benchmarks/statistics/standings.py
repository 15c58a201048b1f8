"""The standings of the contenders on a problem and over all problems."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from crosstune.benchmarks.match.results import MatchRun
from crosstune.benchmarks.statistics import intervals
from crosstune.benchmarks.statistics.fronts import hypervolume
from crosstune.benchmarks.statistics.ranks import mean_ranks
from crosstune.benchmarks.statistics.scores import RunScores, ScoredProblem
from crosstune.benchmarks.statistics.verdicts import IncumbentCurve, Interval, Standing


def _counts(runs: Sequence[MatchRun]) -> dict[str, int | float | None]:
    evaluations = [evaluation for run in runs for evaluation in run.evaluations]
    trials = len(evaluations)
    complete = [evaluation for evaluation in evaluations if evaluation.state == "complete"]
    constrained = any(evaluation.constraints for evaluation in complete)
    return {
        "feasible": sum(evaluation.counts for evaluation in complete) / len(complete)
        if constrained
        else None,
        "runs": len(runs),
        "failed": sum(run.end == "failed" for run in runs),
        "ended_early": sum(run.end == "exhausted" for run in runs),
        "trials": trials,
        "failed_trials": sum(evaluation.state == "failed" for evaluation in evaluations),
        "pruned_trials": sum(evaluation.state == "pruned" for evaluation in evaluations),
        "sampler_seconds": sum(evaluation.sampler_seconds for evaluation in evaluations)
        / max(trials, 1),
        "objective_seconds": sum(evaluation.seconds for evaluation in evaluations) / max(trials, 1),
    }


def _best_first(standings: Sequence[Standing], maximize: bool) -> tuple[Standing, ...]:
    sign = -1.0 if maximize else 1.0

    def place(standing: Standing) -> tuple[float, str]:
        score = standing.score if standing.test is None else standing.test
        return sign * score, standing.contender

    return tuple(sorted(standings, key=place))


def on_problem(
    names: Sequence[str],
    problem: ScoredProblem,
    curves: Mapping[str, Mapping[str, IncumbentCurve]],
    level: float,
) -> tuple[Standing, ...]:
    """The standings on one problem, best first; by the score on unseen data if there is one.

    Args:
        names: the contenders.
        problem: with their runs.
        curves: by contender and axis.
        level: of the intervals, such as 0.95.
    """
    tuned, unseen = problem.tuned, problem.unseen
    ranks = mean_ranks(tuned.heights)
    regret = tuned.regret
    scale = problem.about.scale if problem.about.metrics else None
    volumes = None if scale is None else hypervolume(tuned.values.mean(axis=1), scale)
    gaps = None if unseen is None else tuned.heights - unseen.heights
    standings = [
        Standing(
            contender=name,
            score=float(tuned.values[row].mean()),
            interval=intervals.of_mean(tuned.values[row], level),
            test=None if unseen is None else float(unseen.values[row].mean()),
            test_interval=None if unseen is None else intervals.of_mean(unseen.values[row], level),
            gap=None if gaps is None else float(gaps[row].mean()),
            regret=float(regret[row].mean()),
            area=next((curve.area for curve in curves[name].values()), None),
            rank=float(ranks[row]),
            hypervolume=None if volumes is None else float(volumes[row]),
            **_counts(problem.runs[row]),  # type: ignore[arg-type]
        )
        for row, name in enumerate(names)
    ]
    return _best_first(standings, problem.about.maximize)


def _means(scores: Sequence[RunScores], level: float) -> tuple[NDArray[np.float64], list[Interval]]:
    """Mean normalised regret of each contender, with its hierarchical interval."""
    regrets = [run_scores.regret for run_scores in scores]
    draws = intervals.hierarchical(regrets)
    means = np.mean([regret.mean(axis=1) for regret in regrets], axis=0)
    return means, [intervals.of_draws(row, level) for row in draws]


def overall(
    names: Sequence[str],
    problems: Sequence[ScoredProblem],
    by_problem: Mapping[str, Sequence[Standing]],
    level: float,
) -> tuple[Standing, ...]:
    """The standings over several problems, best first: scores are normalised regret.

    Problems that never varied are left out of the scores, as in the verdict.

    Args:
        names: the contenders.
        problems: with their runs.
        by_problem: the standings on each.
        level: of the intervals, such as 0.95.
    """
    compared = [problem.tuned for problem in problems if problem.tuned.scale > 0]
    unseen = [problem.unseen for problem in problems if problem.unseen is not None]
    # A mean of only some problems is not comparable.
    whole = len(unseen) == len(problems)
    unseen = [scores for scores in unseen if whole and scores.scale > 0]
    score, score_intervals = _means(compared, level)
    test, of_test = _means(unseen, level) if unseen else (None, None)
    ranks = mean_ranks(-np.array([run_scores.regret.mean(axis=1) for run_scores in compared]).T)
    standings = []
    for row, name in enumerate(names):
        areas = [
            standing.area
            for problem in problems
            for standing in by_problem[problem.about.name]
            if standing.contender == name and standing.area is not None and problem.tuned.scale > 0
        ]
        standings.append(
            Standing(
                contender=name,
                score=float(score[row]),
                interval=score_intervals[row],
                test=None if test is None else float(test[row]),
                test_interval=None if of_test is None else of_test[row],
                gap=None,
                regret=float(score[row]),
                area=float(np.mean(areas)) if areas else None,
                rank=float(ranks[row]),
                **_counts([run for problem in problems for run in problem.runs[row]]),  # type: ignore[arg-type]
            )
        )
    return _best_first(standings, maximize=False)
