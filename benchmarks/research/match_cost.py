"""What a match adds to the searches in it: CPU time beyond ask, tell and the objective.

    python -m crosstune.benchmarks.research.match_cost

Each run is carried out as in a match, with its file of evaluations, and beside it as a plain
`crosstune.tune` of the same problem, sampler and seed, whose CPU time is ask, tell and objective.
The two take turns in one process, in both orders. The share is that of the match's CPU time which
the plain study does not need; the interval is Student's, 95 %, over the seeds.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import platform
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np
import optuna
from scipy import stats

import crosstune
from crosstune.benchmarks import problems
from crosstune.benchmarks.match.contender import Contender, contender
from crosstune.benchmarks.match.limits import RunLimits
from crosstune.benchmarks.match.run import MatchTask, carry_out
from crosstune.benchmarks.match.seeding import engine_seed
from crosstune.benchmarks.problems.base import Problem

CONTENDERS = ("optuna:tpe", "hyperopt:tpe", "crosstune:gp")
LIBRARIES = ("crosstune", "optuna", "hyperopt")
_NUMBERS = itertools.count()


FOLDER = tempfile.TemporaryDirectory(prefix="crosstune-")


def in_match(problem: Problem, who: Contender, seed: int, trials: int) -> None:
    """Carry out a run of a match, in a new file.

    Args:
        problem, who, seed: of the run.
        trials: the number of trials.
    """
    path = Path(FOLDER.name) / f"{next(_NUMBERS)}.jsonl"
    carry_out(MatchTask(problem, who, seed, RunLimits(trials=trials), path))


def plain(problem: Problem, who: Contender, seed: int, trials: int) -> None:
    """Carry out the same search without a match.

    Args:
        problem, who, seed, trials: as in `in_match`.
    """
    crosstune.tune(
        problem.spec,
        problem.objective,
        backend=who.backend,
        sampler=who.sampler.plain(),
        seed=engine_seed(seed),
        trials=trials,
    )


def cpu(call: Callable[[Problem, Contender, int, int], None], *arguments: object) -> float:
    """CPU seconds of a call."""
    gc.collect()
    start = time.process_time()
    call(*arguments)  # type: ignore[arg-type]
    return time.process_time() - start


def costs(problem: Problem, who: Contender, seeds: int, trials: int) -> list[tuple[float, float]]:
    """CPU seconds in a match and of the plain study, one pair per seed.

    Args:
        problem, who: of the runs.
        seeds: the number of seeds, from 0.
        trials: the number of trials of a run.
    """
    pairs = []
    for seed in range(-1, seeds):
        once = [in_match, plain] if seed % 2 else [plain, in_match]
        spent = {in_match: 0.0, plain: 0.0}
        for call in [*once, *reversed(once)]:
            spent[call] += cpu(call, problem, who, max(seed, 0), trials)
        if seed >= 0:  # the first is to warm up
            pairs.append((spent[in_match], spent[plain]))
    return pairs


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--problems", nargs="+", default=["tables/vehicle", "tables/cifar100"])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--trials", type=int, default=50)
    options = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    versions = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    print(f"python {platform.python_version()}, {versions}; {options.trials} trials")
    print(f"{'problem':<20}{'contender':<16}{'share of CPU':>14}{'95 %':>18}")
    total = np.zeros(2)
    for name in options.problems:
        for label in CONTENDERS:
            spent = np.array(
                costs(problems.get(name), contender(label), options.seeds, options.trials)
            )
            total += spent.sum(axis=0)
            shares = 1 - spent[:, 1] / spent[:, 0]
            half = stats.sem(shares) * stats.t.ppf(0.975, len(shares) - 1)
            mean = float(np.mean(shares))
            interval = f"{mean - half:.3f} to {mean + half:.3f}"
            print(f"{name:<20}{label:<16}{mean:>14.3f}{interval:>18}", flush=True)
    print(f"{'the match of all':<36}{1 - total[1] / total[0]:>14.3f}")


if __name__ == "__main__":
    main()
