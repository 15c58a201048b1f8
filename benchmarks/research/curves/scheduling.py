"""What a step of a scheduled study takes.

    python -m crosstune.benchmarks.research.curves.scheduling --engine crosstune:gp

A step is all between two trainings: the end of one is stored, the ends of all are predicted, it is
decided what is trained next, and the engine proposes it. The trainings take no time. The figures
are processor time, by the number of configurations that had begun.
"""

from __future__ import annotations

import argparse
import logging
import math
import platform
import time
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from itertools import pairwise

import numpy as np
import optuna

import crosstune
from crosstune import Float
from crosstune.benchmarks.research.curves.methods import ENGINES
from crosstune.samplers.scheduled.settings import OPTIONS

EPOCHS = 27
PARAMETERS = 5
WINDOW = 0.1
"""The share of the configurations whose steps make one line."""


def steps(engine: str, scheduler: str, count: int) -> Iterator[tuple[int, float]]:
    """The steps of a study, each as the number of configurations and the seconds.

    Args:
        engine: a key of `ENGINES`.
        scheduler: its name.
        count: configurations of the study.
    """
    marks: list[tuple[int, float, float]] = []
    begun = 0

    def train(params: Mapping[str, float], trial: optuna.Trial) -> float:
        nonlocal begun
        since = time.process_time()
        budget = crosstune.budget(trial)
        assert budget is not None
        begun += budget.resume_from is None
        end, value = sum((x - 0.3) ** 2 for x in params.values()), math.inf
        for epoch in range(budget.initial_epoch, budget.epochs):
            value = end + math.exp(-epoch / 8) + 0.01 * math.sin(7 * epoch + 50 * params["x0"])
            trial.report(value, epoch)
        marks.append((begun, since, time.process_time()))
        return value

    backend, sampler = ENGINES[engine]
    space = {f"x{i}": Float(0.0, 1.0) for i in range(PARAMETERS)}
    crosstune.tune(
        {"space": space, "seed": 0, "trials": count},
        train,
        backend=backend,
        sampler=sampler,
        scheduler={"name": scheduler, "max_epochs": EPOCHS},
    )
    for (_, _, ended), (number, since, _) in pairwise(marks):
        yield number, since - ended


def table(costs: Sequence[tuple[int, float]], count: int) -> Iterator[str]:
    """The lines of a Markdown table.

    Args:
        costs: the result of `steps`.
        count: configurations of the study.
    """
    yield "| configurations | median, ms | 95 %, ms | longest, ms |"
    yield "|---" * 4 + "|"
    numbers, seconds = np.array(costs).T
    for high in (0.1, 0.5, 1.0):
        inside = (numbers > (high - WINDOW) * count) & (numbers <= high * count)
        middle, most, longest = 1e3 * np.quantile(seconds[inside], (0.5, 0.95, 1.0))
        yield f"| {high * count:.0f} | {middle:.0f} | {most:.0f} | {longest:.0f} |"


def main() -> None:
    """Run a study, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--engine", choices=ENGINES, default="optuna:tpe")
    parser.add_argument("--scheduler", choices=OPTIONS, default="freeze-thaw")
    parser.add_argument("--configurations", type=int, default=1000, help="20 or more (1000)")
    options = parser.parse_args()
    if options.configurations < 20:
        parser.error("a line of the table needs 20 configurations or more")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    logging.getLogger("crosstune").setLevel(logging.ERROR)
    print(
        f"python {platform.python_version()}, optuna {version('optuna')}; {options.engine}, "
        f"{options.scheduler}, {EPOCHS} epochs"
    )
    costs = list(steps(options.engine, options.scheduler, options.configurations))
    print("\n".join(table(costs, options.configurations)))


if __name__ == "__main__":
    main()
