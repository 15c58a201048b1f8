"""Results of matches made by hand, for the tests of the statistics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from crosstune.benchmarks.match.results import About, Evaluation, MatchRun, Results, Settings
from crosstune.benchmarks.statistics.signed_rank import tails


def lines_on_file(folder: Path) -> int:
    """The number of lines of all runs of a match."""
    return sum(p.read_bytes().count(b"\n") for p in (folder / "runs").glob("*/*/*.jsonl"))


def one_sided(differences: ArrayLike) -> tuple[float, float]:
    """The p-values of one row against "centred above 0" and "centred below 0"."""
    above, below = tails(np.array([differences], dtype=float))
    return float(above[0]), float(below[0])


def two_sided(differences: ArrayLike) -> float:
    """The p-value of one row against "centred elsewhere than at 0"."""
    return min(1.0, 2 * min(one_sided(differences)))


def run(
    values: Sequence[float | None], *, tests: Sequence[float] | None = None, end="done", **more
):
    """A run whose trials came to these values, one second and two epochs each; None is pruned."""
    return MatchRun(
        tuple(
            Evaluation(
                number,
                "pruned" if value is None else "complete",
                value,
                {},
                test=None if tests is None else tests[number],
                epochs=2,
                seconds=1.0,
                sampler_seconds=0.5,
                ended=number + 1.0,
            )
            for number, value in enumerate(values)
        ),
        end,
        **more,
    )


def results(
    problems: Mapping[str, Mapping[str, Sequence[MatchRun | None]]],
    *,
    maximize: bool = True,
    optimum: float | None = None,
    metric: str = "accuracy",
) -> Results:
    """Results of runs by problem, contender and seed; None is a run that is not there."""
    first = next(iter(problems.values()))
    seeds = max(len(runs) for runs in first.values())
    trials = max(
        (
            len(run.evaluations)
            for by in problems.values()
            for runs in by.values()
            for run in runs
            if run
        ),
        default=0,
    )
    return Results(
        Settings(
            tuple(About(name, metric, maximize, "print", {}, optimum) for name in problems),
            tuple(first),
            seeds,
            trials=trials,
        ),
        {
            (problem, contender, seed): each
            for problem, by in problems.items()
            for contender, runs in by.items()
            for seed, each in enumerate(runs)
            if each is not None
        },
    )


def finals(scores: Mapping[str, ArrayLike], **more) -> Results:
    """One problem with these final scores by contender and seed: two trials, the first at 0."""
    worst = min(float(np.min(values)) for values in scores.values()) - 1.0
    if not more.get("maximize", True):
        worst = max(float(np.max(values)) for values in scores.values()) + 1.0
    return results(
        {
            "p": {
                name: [run([worst, float(value)]) for value in np.asarray(values)]
                for name, values in scores.items()
            }
        },
        **more,
    )
