"""What a sampler proposed on a problem, and which of its parts found the best.

    python -m crosstune.benchmarks.research.diagnosis kinds/conditional-digits
    python -m crosstune.benchmarks.research.diagnosis training/digits-pipeline -c optuna:tpe

A line per run: the trials that repeat a point, that tie with the best so far, and that failed; the
branches that were tried (the values of parameters that conditions name) and the share of the most
frequent one; the share of active continuous values that are exactly on a bound. For `crosstune:gp`
also what its model fitted in the end, and how many points each proposer made and improved with.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import click
import numpy as np
import optuna
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from crosstune.benchmarks.match.contender import contender
from crosstune.benchmarks.match.seeding import engine_seed
from crosstune.benchmarks.problems.base import Problem
from crosstune.benchmarks.research.halves import get
from crosstune.engines import study_values as ledger
from crosstune.samplers.engine import EngineSampler
from crosstune.samplers.gaussian_process.encoding import Encoding
from crosstune.samplers.gaussian_process.engine import GaussianProcessEngine
from crosstune.tuning.front import settle
from crosstune.tuning.loop import run
from crosstune.tuning.opening import open_study


@dataclass(frozen=True)
class Diagnosis:
    """The facts of one run.

    Attributes:
        trials: their number.
        repeats: trials at a point that an earlier trial had.
        ties: trials whose value is that of the best before them.
        failed: trials without a value.
        branches: number of branches tried.
        largest: share of the trials in the most frequent branch, 0 to 1.
        on_bounds: share of the active continuous values on a bound, 0 to 1.
        fitted: shortest, median and longest length scale, noise and additive share of the model;
            None for another engine.
        proposers: by proposer, its points and how many of them were better than all before.
    """

    trials: int
    repeats: int
    ties: int
    failed: int
    branches: int
    largest: float
    on_bounds: float
    fitted: tuple[float, float, float, float, float] | None
    proposers: dict[str, tuple[int, int]]

    def __str__(self) -> str:
        text = (
            f"{self.trials} trials, {self.repeats} repeat, {self.ties} tie with the best, "
            f"{self.failed} failed; {self.branches} branches, the largest {self.largest:.0%}; "
            f"{self.on_bounds:.0%} of values on a bound"
        )
        if self.fitted is not None:
            short, middle, long, noise, share = self.fitted
            text += (
                f"; lengths {short:.2g} to {long:.2g}, median {middle:.2g}; noise {noise:.1e}; "
                f"additive {share:.0%}"
            )
        for name, (points, better) in self.proposers.items():
            text += f"; {name}: {better} of {points} improved"
        return text


def diagnose(problem: Problem, label: str, seed: int, trials: int) -> Diagnosis:
    """Run a contender on a problem, and say what it did.

    Args:
        problem: to run.
        label: of the contender, such as ``crosstune:gp``.
        seed: of the run, 0 or more.
        trials: number of trials, 1 or more.

    Returns:
        The facts of the run.
    """
    request = contender(label).request(problem.spec, engine_seed(seed), trials)
    study = open_study(settle(request))
    run(study, problem.prepared, trials=trials, seconds=None)
    return facts(problem, study)


def facts(problem: Problem, study: Study) -> Diagnosis:
    """The facts of a study of a problem."""
    encoding = Encoding(problem.space)
    rng = np.random.default_rng(0)
    sign = -1.0 if problem.maximize else 1.0
    points = [ledger.read_point(problem.space, trial.params) for trial in study.trials]
    rows = np.array([encoding.encode(point, rng) for point in points])
    keys = encoding.keys(rows)
    parents = {parent for names in problem.space.conditions.values() for parent in names}
    branches = Counter(
        tuple((name, point.get(name)) for name in sorted(parents)) for point in points
    )
    reals = (encoding.active(rows) & encoding.reals)[:, encoding.reals]
    on_bounds = np.isin(rows[:, encoding.reals], (0.0, 1.0)) & reals
    ties, better = 0, set()
    best = math.inf
    for trial, value in _values(study.trials, sign):
        ties += value == best
        if value < best:
            best = value
            better.add(trial.number)
    engine = study.sampler.engine if isinstance(study.sampler, EngineSampler) else None
    modelled = engine if isinstance(engine, GaussianProcessEngine) else None
    return Diagnosis(
        trials=len(points),
        repeats=len(keys) - len(set(keys)),
        ties=ties,
        failed=sum(trial.state == TrialState.FAIL for trial in study.trials),
        branches=len(branches),
        largest=branches.most_common(1)[0][1] / len(points),
        on_bounds=float(on_bounds.sum() / max(reals.sum(), 1)),
        fitted=None if modelled is None else _fitted(modelled),
        proposers={} if modelled is None else _proposers(modelled, better),
    )


def _values(trials: Sequence[FrozenTrial], sign: float) -> Iterator[tuple[FrozenTrial, float]]:
    for trial in trials:
        if trial.state == TrialState.COMPLETE and trial.value is not None:
            yield trial, sign * trial.value


def _fitted(engine: GaussianProcessEngine) -> tuple[float, float, float, float, float] | None:
    hyper = engine.hyperparameters
    if hyper is None:
        return None
    short, middle, long = np.quantile(hyper.lengths, (0.0, 0.5, 1.0))
    return float(short), float(middle), float(long), hyper.noise, hyper.additive


def _proposers(engine: GaussianProcessEngine, better: set[int]) -> dict[str, tuple[int, int]]:
    points = Counter(engine.proposers.values())
    wins = Counter(name for trial, name in engine.proposers.items() if trial in better)
    return {name: (points[name], wins[name]) for name in points}


@click.command()
@click.argument("names", nargs=-1, required=True)
@click.option("-c", "--contender", "labels", multiple=True, default=("crosstune:gp",))
@click.option("--seeds", default=3, show_default=True, type=click.IntRange(min=1))
@click.option("--trials", default=60, show_default=True, type=click.IntRange(min=1))
def main(names: tuple[str, ...], labels: tuple[str, ...], seeds: int, trials: int) -> None:
    """Print what each contender proposed on each problem, a line per seed."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    for name in names:
        problem = get(name)
        for label in labels:
            for seed in range(seeds):
                click.echo(f"{name} {label} {seed}: {diagnose(problem, label, seed, trials)}")


if __name__ == "__main__":
    main()
