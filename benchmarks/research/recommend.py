"""The true regret of `crosstune.recommend` against that of the best observed trial.

    python -m crosstune.benchmarks.research.recommend --seeds 0 30
    python -m crosstune.benchmarks.research.recommend --show

A study of 40 trials on an objective whose true value is known: two drawn functions with normal
noise, and a kernel ridge regression whose validation rows are drawn for each trial. The strengths
of the noise are 0.1, 0.3 and 1 times the unit, the distance between the median and the best 5 % of
random points; of the training they are 16, 4 and 1 draws of rows for a value. Three ways to choose
a trial from the same study are compared with its best observed one:

- recommend: `recommend(study)`;
- told: `recommend(study, noisy=True)`, for someone who knows that there is noise;
- repeats: `recommend` after 32 trials of the study and 8 repeats, which is the same budget. It is
  compared with the best observed trial of all 40.

A difference is that of the true values, in units; below 0 the recommended trial is better. The
interval is a bootstrap over all studies of a strength. Without noise they have to be equal.
"""

from __future__ import annotations

import argparse
import json
import logging
import lzma
import multiprocessing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from optuna.study import Study
from optuna.trial import TrialState
from sklearn.datasets import load_diabetes

import crosstune
from crosstune.benchmarks.match.seeding import engine_seed
from crosstune.benchmarks.statistics import intervals
from crosstune.engines.budget import SearchBudget
from crosstune.recommendation.recommend import recommend
from crosstune.recommendation.repeats import queue_repeat
from crosstune.space.parameters import Choice, Float, Int
from crosstune.space.space import Params, Space

ENGINES = ("crosstune:gp", "optuna:tpe", "hyperopt:tpe")
PROBLEMS = ("bowl", "mixed", "ridge")
STRENGTHS = {"none": 0.0, "weak": 0.1, "medium": 0.3, "strong": 1.0}
DRAWS = {"none": 0, "weak": 16, "medium": 4, "strong": 1}
"""How many draws of rows a value of the training is the mean of."""
TRIALS, REPEATED = 40, 8
WAYS = ("recommend", "told", "repeats")
RESULTS = Path(__file__).parent / "results" / "recommend.json.xz"

Truth = Callable[[Mapping[str, Any]], float]


@dataclass(frozen=True)
class NoisyTask:
    """A study: the names of problem, engine and strength, and the seed."""

    problem: str
    engine: str
    strength: str
    seed: int


def drawn(name: str, seed: int) -> tuple[Space, Truth]:
    """A drawn function: a rotated bowl, or one of mixed parameters with a wave."""
    rng = np.random.default_rng([seed, PROBLEMS.index(name)])
    if name == "bowl":
        at = rng.uniform(0.15, 0.85, 3)
        axes = np.linalg.qr(rng.normal(size=(3, 3)))[0] * np.array([1.0, 2.0, 4.0])

        def bowl(params: Mapping[str, Any]) -> float:
            away = np.array([params["a"], params["b"], params["c"]]) - at
            return float(((away @ axes) ** 2).sum())

        return Space({key: Float(0.0, 1.0) for key in "abc"}), bowl
    place, size = rng.uniform(-4.0, -1.0), rng.integers(8, 48)
    offsets, slant = rng.permutation([0.0, 0.3, 0.8]), rng.uniform(-1, 1)
    phase = rng.uniform(0, 6)

    def mixed(params: Mapping[str, Any]) -> float:
        x = np.log10(params["rate"]) - place
        y = np.log2(params["units"] / size)
        wave = 0.15 * np.sin(4 * x + phase) * np.cos(2 * y)
        worth = 0.5 * x**2 + 0.2 * y**2 + 0.2 * slant * x * y + wave
        return float(worth + offsets["abc".index(params["kind"])])

    rate = Float(1e-5, 1.0, log=True)
    return Space({"rate": rate, "units": Int(4, 64, log=True), "kind": Choice(list("abc"))}), mixed


RIDGE = Space({"gamma": Float(1e-3, 30.0, log=True), "alpha": Float(1e-4, 30.0, log=True)})


@cache
def _diabetes() -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    x, y = load_diabetes(return_X_y=True)
    return x / x.std(axis=0) / np.sqrt(x.shape[1]), (y - y.mean()) / y.std()


def ridge(params: Mapping[str, Any], seeds: range) -> float:
    """The squared error of a kernel ridge regression on 30 rows, mean over draws of the rows."""
    x, y = _diabetes()
    errors = []
    for seed in seeds:
        order = np.random.default_rng([seed, 5]).permutation(len(y))[:130]
        train, valid = order[30:], order[:30]
        apart = ((x[order][:, None] - x[train][None]) ** 2).sum(axis=2)
        kernel = np.exp(-params["gamma"] * apart)
        system = kernel[30:] + params["alpha"] * np.eye(len(train))
        weights = np.linalg.solve(system, y[train])
        errors.append(float(((kernel[:30] @ weights - y[valid]) ** 2).mean()))
    return float(np.mean(errors))


def problem(task: NoisyTask) -> tuple[Space, Truth, Callable[[Params, int], float], float]:
    """Space, truth, the observed value of a trial by its number, and the unit."""
    if task.problem == "ridge":
        draws = DRAWS[task.strength]

        def observed(params: Params, number: int) -> float:
            first = 10_000 + (task.seed * 1000 + number) * 16
            return ridge(params, range(first, first + draws) if draws else range(1))

        truth: Truth = partial(ridge, seeds=range(200) if draws else range(1))
        return RIDGE, truth, observed, _ridge_unit()
    space, truth = drawn(task.problem, task.seed)
    rng = np.random.default_rng([task.seed, 7])
    sample = np.array([truth(space.sample(rng)) for _ in range(400)])
    unit = float(np.median(sample) - np.quantile(sample, 0.05))

    def noisy(params: Params, number: int) -> float:
        error = np.random.default_rng([task.seed, number, 9]).normal()
        return truth(params) + STRENGTHS[task.strength] * unit * float(error)

    return space, truth, noisy, unit


@cache
def _ridge_unit() -> float:
    rng = np.random.default_rng(7)
    sample = np.array([ridge(RIDGE.sample(rng), range(20)) for _ in range(100)])
    return float(np.median(sample) - np.quantile(sample, 0.05))


def measured(task: NoisyTask) -> dict[str, Any]:
    """The differences of a study, in units."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    logging.getLogger("crosstune").setLevel(logging.ERROR)
    space, truth, observed, unit = problem(task)
    backend, _, sampler = task.engine.partition(":")
    spec = {"space": space, "seed": engine_seed(task.seed), "trials": TRIALS}
    study = crosstune.tune(
        spec,
        lambda params, trial: observed(params, trial.number),
        backend=backend,
        sampler=sampler,
    )
    chosen = {"recommend": recommend(study)}
    row: dict[str, Any] = {**vars(task), "differs": chosen["recommend"].differs}
    if task.strength != "none":
        chosen["told"] = recommend(study, noisy=True)
        chosen["repeats"] = recommend(_repeated(study, observed))
    best = truth(study.best_params)
    for way, recommended in chosen.items():
        row[way] = (truth(recommended.params) - best) / unit
    return row


def _repeated(study: Study, observed: Callable[[Params, int], float]) -> Study:
    """The study with its last trials replaced by repeats, which need no engine."""
    again = optuna.create_study()
    again.add_trials(study.trials[: TRIALS - REPEATED])
    for number in range(TRIALS - REPEATED, TRIALS):
        assert queue_repeat(again, SearchBudget(TRIALS, repeats=REPEATED))
        trial = again.ask(dict(study.trials[0].distributions))
        again.tell(trial, observed(trial.params, number), state=TrialState.COMPLETE)
    return again


def shown(rows: list[dict[str, Any]]) -> list[str]:
    """The table of the results, in Markdown."""
    lines = ["| noise | " + " | ".join(WAYS) + " | differ |", "|---" * (len(WAYS) + 2) + "|"]
    for strength in STRENGTHS:
        for engine in (None, *ENGINES):
            part = [
                row
                for row in rows
                if row["strength"] == strength and engine in (None, row["engine"])
            ]
            cells = []
            for way in WAYS:
                values = np.array([row[way] for row in part if way in row])
                band = intervals.of_mean(values) if len(values) else None
                cells.append(
                    f"{values.mean():+.3f} ({band.low:+.3f} to {band.high:+.3f})" if band else ""
                )
            differ = sum(row["differs"] for row in part)
            name = f"{strength}, all" if engine is None else f"{strength}, {engine}"
            lines.append(f"| {name} | {' | '.join(cells)} | {differ} of {len(part)} |")
    return lines


def main() -> None:
    """Measure, keep the results and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, nargs=2, default=(0, 30), metavar=("FROM", "TO"))
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--show", action="store_true", help="print the table of the results kept")
    options = parser.parse_args()
    if options.show:
        rows = json.loads(lzma.decompress(options.results.read_bytes()))
        print("\n".join(shown(rows)))
        return
    rows = []
    with multiprocessing.get_context("spawn").Pool(options.jobs) as pool:
        for seed in range(*options.seeds):
            tasks = [
                NoisyTask(name, engine, strength, seed)
                for name in PROBLEMS
                for engine in ENGINES
                for strength in STRENGTHS
            ]
            rows += pool.map(measured, tasks, chunksize=1)
            content = json.dumps(rows).encode()
            options.results.write_bytes(lzma.compress(content, preset=9))
            print(f"{seed + 1 - options.seeds[0]} seeds", flush=True)
    print("\n".join(shown(rows)))


if __name__ == "__main__":
    main()
