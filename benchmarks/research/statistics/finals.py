"""The recorded final scores that the calibration draws from, and how they were recorded.

    python -m crosstune.benchmarks.research.statistics.finals

About 10 minutes of work on one core: 300 runs of 50 trials of each engine on each of two tables.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import optuna

import crosstune
from crosstune.benchmarks.match.seeding import engine_seed
from crosstune.benchmarks.problems import tables

FILE = Path(__file__).with_name("finals.json")
PROBLEMS = ("vehicle", "protein_structure")
SAMPLERS = ("random", "tpe")
SEEDS = 300
TRIALS = 50


def read() -> Mapping[str, tuple[float, ...]]:
    """The final scores by sampler and table, such as ``optuna:tpe on vehicle``; 300 each."""
    stored = json.loads(FILE.read_text(encoding="utf-8"))
    return {name: tuple(values) for name, values in stored["finals"].items()}


def final(problem: str, sampler: str, seed: int) -> float:
    """The best value after 50 trials of one of Optuna's samplers on a table.

    Args:
        problem: one of `PROBLEMS`.
        sampler: one of `SAMPLERS`.
        seed: of the match.
    """
    tuned = tables.problem(problem)
    study = crosstune.tune(
        tuned.spec,
        tuned.objective,
        backend="optuna",
        sampler=sampler,
        trials=TRIALS,
        seed=engine_seed(seed),
    )
    return float(study.best_value)


def record() -> None:
    """Carry out all runs, and write the file."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    finals = {
        f"optuna:{sampler} on {problem}": [final(problem, sampler, seed) for seed in range(SEEDS)]
        for problem in PROBLEMS
        for sampler in SAMPLERS
    }
    about = {"optuna": optuna.__version__, "trials": TRIALS, "finals": finals}
    FILE.write_text(json.dumps(about, indent=0) + "\n", encoding="utf-8")


if __name__ == "__main__":
    record()
