"""What earlier studies are worth to `crosstune:gp`, and what misleading ones cost.

    python -m crosstune.benchmarks.research.warm_start

A study begins warm, from an earlier study of 50 trials, and cold, under the same seed. The earlier
one was made by Optuna's TPE, Hyperopt's TPE and crosstune's own sampler in turn, on

- related: another data set of the same model (`tables`);
- overlapping: the same, with the first parameter of the model fixed, so the space lacks it;
- three: three studies, one related, one reversed and one whose values are drawn at random;
- reversed: the same problem, with its values reversed, so the worst looks best;
- unrelated: another function of the same parameters (`bbob`).

A cell is how often the warm one is ahead after so many trials, ties shared, with a 95 % interval
from a bootstrap over problems and seeds. The constants were chosen on the development half of the
problems; without `--development` the others are run.
"""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import platform
from collections.abc import Mapping, Sequence
from functools import partial
from importlib.metadata import version
from itertools import permutations
from typing import Any

import numpy as np
import optuna
from numpy.typing import NDArray

import crosstune
from crosstune.benchmarks.match.seeding import engine_seed
from crosstune.benchmarks.problems.base import Problem
from crosstune.benchmarks.research import halves
from crosstune.benchmarks.statistics import intervals
from crosstune.study.warm_start import Finished, finished

OURS = "crosstune:gp"
MADE_BY = ("optuna:tpe", "hyperopt:tpe", OURS)
TRIALS = 50
BUDGETS = (5, 10, 25, 50)
KINDS = ("related", "overlapping", "three", "reversed", "unrelated")

Pair = tuple[str, str]
"""The problem of the earlier study, and that of the new one."""


def _tables(*names: str) -> list[Pair]:
    return [(f"tables/{one}", f"tables/{other}") for one, other in permutations(names, 2)]


def _functions(*names: str) -> list[Pair]:
    others = [*names[1:], names[0]]
    pairs = zip(names, others, strict=True)
    return [(f"functions/{one}", f"functions/{other}") for one, other in pairs]


HALVES: Mapping[str, tuple[list[Pair], list[Pair]]] = {
    "development": (
        [
            *_tables("vehicle", "kc1", "segment", "credit_g"),
            *_tables("naval_propulsion", "protein_structure"),
            *_tables("cifar100", "imagenet"),
        ],
        _functions("bbob-f6-d5", "bbob-f10-d5", "bbob-f21-d5"),
    ),
    "held out": (
        [
            *_tables("car", "phoneme", "australian", "blood_transfusion"),
            *_tables("parkinsons_telemonitoring", "slice_localization"),
            ("tables/cifar100", "tables/cifar10"),
            ("tables/imagenet", "tables/cifar10"),
        ],
        _functions(
            *("bbob-f2-d5", "bbob-f4-d5", "bbob-f7-d5", "bbob-f8-d5"),
            *("bbob-f12-d5", "bbob-f15-d5", "bbob-f18-d5"),
        ),
    ),
}


def earlier(problem: Problem, seed: int, lacking: str | None = None) -> Finished:
    """A study of 50 trials.

    Args:
        lacking: the parameter that its space does not have, and that is at its middle.
    """
    backend, sampler = MADE_BY[seed % len(MADE_BY)].split(":")
    spec, objective = problem.spec, problem.objective
    if lacking is not None:
        item = spec.space[lacking]
        assert isinstance(item, crosstune.Choice)  # as every parameter of the tables
        middle = item.values[len(item.values) // 2]
        keys = {name: value for name, value in spec.space.to_dict().items() if name != lacking}
        spec = spec.model_copy(update={"space": crosstune.Space(keys)})
        objective = partial(_completed, problem.objective, {lacking: middle})
    study = crosstune.tune(
        spec,
        objective,
        backend=backend,
        sampler=sampler,
        seed=engine_seed(seed),
        trials=TRIALS,
    )
    return finished(study)[0]


def _completed(objective: Any, fixed: Mapping[str, Any], params: Mapping[str, Any]) -> Any:
    return objective({**params, **fixed})


def turned(study: Finished) -> Finished:
    """A study whose worst trial looks best."""
    return {**study, "maximize": not study["maximize"]}


def shuffled(study: Finished, seed: int) -> Finished:
    """A study whose values are independent of its points."""
    order = np.random.default_rng(seed).permutation(len(study["trials"]))
    trials = study["trials"]
    mixed = [[params, *trials[i][1:]] for (params, *_), i in zip(trials, order, strict=True)]
    return {**study, "trials": mixed}


def known(kind: str, pair: Pair, seed: int) -> list[Finished]:
    """The earlier studies of a kind.

    Args:
        kind: such as "related", "reversed" or "three".
        pair: names of two problems.
        seed: of the earlier searches.
    """
    one, other = (halves.get(name) for name in pair)
    match kind:
        case "related" | "unrelated":
            return [earlier(one, seed)]
        case "overlapping":
            return [earlier(one, seed, lacking=next(iter(one.spec.space.searched)))]
        case "reversed":
            return [turned(earlier(other, seed))]
        case "three":
            same = earlier(other, seed)
            return [turned(same), shuffled(same, seed), earlier(one, seed)]
    raise AssertionError(kind)


def best(name: str, seed: int, trials: int, warm: Sequence[Finished]) -> NDArray[np.float64]:
    """The best value after each trial, lower is better; shape (trials,).

    Args:
        name: of the problem.
        seed: of the search.
        trials: the number of trials.
        warm: earlier studies to learn from; empty for a cold start.
    """
    problem = halves.get(name)
    study = crosstune.tune(
        problem.spec,
        problem.objective,
        backend="crosstune",
        sampler={"name": "gp", "warm_start": list(warm)} if warm else "gp",
        seed=engine_seed(1000 + seed),
        trials=trials,
    )
    sign = -1.0 if problem.maximize else 1.0
    values = [np.inf if t.value is None else sign * t.value for t in study.trials]
    return np.minimum.accumulate(np.array(values + values[-1:] * (trials - len(values))))


def ahead(task: tuple[str, Pair, int, int]) -> list[float]:
    """After each budget, 1 if the warm study is ahead, 0 if it is behind, 0.5 if they are level."""
    kind, pair, seed, trials = task
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    logging.getLogger("crosstune").setLevel(logging.ERROR)
    warm = best(pair[1], seed, trials, known(kind, pair, seed))
    cold = best(pair[1], seed, trials, [])
    return [
        float(warm[n - 1] < cold[n - 1]) + float(warm[n - 1] == cold[n - 1]) / 2
        for n in BUDGETS
        if n <= trials
    ]


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--trials", type=int, default=50)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--development", action="store_true")
    options = parser.parse_args()
    half = "development" if options.development else "held out"
    versions = ", ".join(f"{name} {version(name)}" for name in ("crosstune", "optuna", "hyperopt"))
    print(f"Python {platform.python_version()}, {versions}; {options.seeds} seeds, {half}")
    budgets = [n for n in BUDGETS if n <= options.trials]
    print(f"| earlier study | problems | {' | '.join(f'after {n} trials' for n in budgets)} |")
    print(f"|---|---|{'---|' * len(budgets)}")
    with multiprocessing.get_context("spawn").Pool(options.jobs) as pool:
        for kind in options.kinds:
            pairs = HALVES[half][kind == "unrelated"]
            if kind == "reversed":  # the earlier study is one of the same problem
                pairs = [(name, name) for name in dict.fromkeys(other for _, other in pairs)]
            work = [
                (kind, pair, seed, options.trials)
                for pair in pairs
                for seed in range(options.seeds)
            ]
            wins = np.array(pool.map(ahead, work, chunksize=1))
            wins = wins.reshape(len(pairs), options.seeds, len(budgets))
            draws = intervals.hierarchical([of_one.T for of_one in wins])
            bands = [intervals.of_draws(of_one) for of_one in draws]
            means = wins.mean(axis=(0, 1))
            cells = [
                f"{mean:.2f} ({interval.low:.2f} to {interval.high:.2f})"
                for mean, interval in zip(means, bands, strict=True)
            ]
            print(f"| {kind} | {len(pairs)} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
