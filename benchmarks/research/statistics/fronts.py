"""How often a match by hypervolume regret errs, of an engine against itself.

    python -m crosstune.benchmarks.research.statistics.fronts --matches 2000

Random search is run on five cheap problems with two or three metrics; its runs are scored as a
match scores them. The scores are drawn for simulated matches, whose verdicts are those of the rule.
No margin counts as equivalent, so that the rounds go on to the cap: their hardest case.
"""

from __future__ import annotations

import argparse
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crosstune.benchmarks.match.reference import RUNS
from crosstune.benchmarks.match.results import About, Evaluation, MatchRun
from crosstune.benchmarks.research.statistics.calibration import (
    CAP,
    LEVEL,
    NO_MARGIN,
    RULE,
    Share,
    hits,
    table,
)
from crosstune.benchmarks.research.statistics.simulation import Outcomes, both, fixed, sequential
from crosstune.benchmarks.statistics.fronts import front_scale, nothing_feasible, scored
from crosstune.spec.measures import Metric

TRIALS = 30
POOL = 400
"""The number of runs of random search on each problem."""
SEEDS = (8, 10, 20)


@dataclass(frozen=True)
class CheapFront:
    """A problem to be minimised, without engines.

    Attributes:
        metrics: how many.
        points: of uniform draws of shape (n, 5), the metrics, shape (n, metrics).
        limit: trials with a larger first coordinate are infeasible.
    """

    metrics: int
    points: Callable[[NDArray[np.float64]], NDArray[np.float64]]
    limit: float = 1.0


def _hollow(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """ZDT2 (Zitzler, Deb and Thiele 2000): a front that is hollow."""
    slack = 1 + 9 * x[:, 1:].mean(axis=1)
    return np.stack([x[:, 0], slack * (1 - (x[:, 0] / slack) ** 2)], axis=1)


def _sphere(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """DTLZ2 (Deb and others 2002) with three metrics."""
    radius = 1 + ((x[:, 2:] - 0.5) ** 2).sum(axis=1)
    one, two = np.pi / 2 * x[:, 0], np.pi / 2 * x[:, 1]
    parts = [np.cos(one) * np.cos(two), np.cos(one) * np.sin(two), np.sin(one)]
    return np.stack([radius * part for part in parts], axis=1)


def _heavy(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Two metrics with a heavy tail."""
    return np.stack([1 / x[:, 0] ** 2, 1 / (1.001 - x[:, 0] * x[:, 1]) ** 2], axis=1)


def _steps(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Two metrics with four values each, so that many scores are equal."""
    return np.asarray(np.floor(4 * np.stack([x[:, 0], 1 - x[:, 0] * x[:, 1]], axis=1)))


PROBLEMS: Mapping[str, CheapFront] = {
    "ZDT2": CheapFront(2, _hollow),
    "ZDT2, 80 % infeasible": CheapFront(2, _hollow, limit=0.2),
    "DTLZ2, three metrics": CheapFront(3, _sphere),
    "heavy tails": CheapFront(2, _heavy),
    "few values, 95 % infeasible": CheapFront(2, _steps, limit=0.05),
}


def regrets(name: str) -> NDArray[np.float64]:
    """The hypervolume regret of `POOL` runs of random search."""
    problem = PROBLEMS[name]
    random = np.random.default_rng(zlib.crc32(name.encode()))
    metrics = [Metric(name=f"f{i}") for i in range(problem.metrics)]
    runs = [_run(problem, random) for _ in range(POOL + RUNS)]
    scale = front_scale(runs[:RUNS], metrics)
    spec = {"metrics": [metric.model_dump() for metric in metrics]}
    about = About(name, "hypervolume regret", False, "", spec, scale=scale)
    empty = nothing_feasible(about)
    return np.array([_final(scored(run, about), empty) for run in runs[RUNS:]])


def _run(problem: CheapFront, random: np.random.Generator) -> MatchRun:
    x = random.random((TRIALS, 5))
    return MatchRun(
        tuple(
            Evaluation(
                i, "complete", None, {}, values=tuple(at), constraints={"c": x0 - problem.limit}
            )
            for i, (at, x0) in enumerate(
                zip(problem.points(x).tolist(), x[:, 0].tolist(), strict=True)
            )
        ),
        "done",
    )


def _final(run: MatchRun, empty: float | None) -> float:
    scores = [trial.value for trial in run.evaluations if trial.counts and trial.value is not None]
    return min(scores, default=empty or 0.0)


def errors(pool: NDArray[np.float64], contenders: int, seeds: int | None, matches: int) -> Share:
    """The share of matches on one problem with a false difference.

    Args:
        pool: scores to draw from.
        contenders: all alike.
        seeds: of a match; None for the sequential rule.
        matches: their number.
    """
    random = np.random.default_rng(contenders + 100 * (seeds or 0))
    heights = -random.choice(pool, size=(matches, contenders, seeds or RULE.cap))
    if seeds is None:
        outcomes = sequential(heights, NO_MARGIN, RULE.spending(len(both(contenders))))
    else:
        outcomes = fixed(heights, NO_MARGIN, LEVEL)
    return _share(outcomes, matches)


def errors_over_problems(
    pools: Sequence[NDArray[np.float64]], contenders: int, problems: int, matches: int
) -> Share:
    """The same over several problems, with five seeds each, as `rankings.ranked` judges them.

    Args:
        pools: the scores of each problem; the problems take them in turn.
        contenders: all alike.
        problems: of a match.
        matches: their number.
    """
    random = np.random.default_rng(contenders + 100 * problems)
    values = np.stack(
        [
            random.choice(pools[i % len(pools)], size=(matches, contenders, 5))
            for i in range(problems)
        ],
        axis=1,
    )
    pooled = np.abs(values).mean(axis=(2, 3))
    weights = 1 / np.where(pooled > 0, pooled, 1.0)
    heights = -values.mean(axis=3).swapaxes(1, 2)
    return _share(fixed(heights, NO_MARGIN, LEVEL, weights[:, None]), matches)


def _share(outcomes: Outcomes, matches: int) -> Share:
    return Share(hits("difference", outcomes.verdicts), matches, float(outcomes.seeds.mean()))


def main(argv: Sequence[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Calibrate the verdicts by hypervolume regret.")
    parser.add_argument("--matches", type=int, default=2_000, help="a cell (2000)")
    options = parser.parse_args(argv)
    pools = {name: regrets(name) for name in PROBLEMS}
    rows = [
        [
            name,
            contenders,
            *(errors(pool, contenders, seeds, options.matches) for seeds in (*SEEDS, None)),
        ]
        for name, pool in pools.items()
        for contenders in (2, 3)
    ]
    heads = ["scores of", "contenders", *(f"{n} seeds" for n in SEEDS), f"in rounds, {CAP}"]
    print(table(heads, rows))
    over = [
        [
            contenders,
            *(
                errors_over_problems(list(pools.values()), contenders, problems, options.matches)
                for problems in (8, 15)
            ),
        ]
        for contenders in (2, 3)
    ]
    print()
    print(table(["contenders", "8 problems, 5 seeds", "15 problems, 5 seeds"], over))


if __name__ == "__main__":
    main()
