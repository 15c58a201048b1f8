"""What a pruner or a scheduler saves in real training, on the clock and with its checkpoints.

    python -m crosstune.benchmarks.research.curves.trainings --seeds 3
    python -m crosstune.benchmarks.research.curves.trainings torch --methods "scheduler:hyperband"

Three trainings read the same digits, 27 epochs each: a torch network, scikit-learn's
`MLPClassifier.partial_fit`, and XGBoost, one round an epoch. A trial that is continued finds its
checkpoint by `crosstune.checkpoints`; one that is paused saves one. The table has the share of the
epochs, the seconds of the whole study on the clock and of the processor, the checkpoints written,
and the best error of a trial that was trained to the end with its difference from `none`, paired by
seed (Student's 95 % interval).
"""

from __future__ import annotations

import argparse
import platform
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from optuna.trial import Trial

import crosstune
from crosstune import checkpoints
from crosstune.benchmarks.research.curves import methods
from crosstune.benchmarks.research.curves.grids import EPOCHS
from crosstune.benchmarks.research.curves.replay import interval
from crosstune.benchmarks.research.curves.resumable import TRAININGS
from crosstune.errors import CrosstuneError, no_such

METHODS = ("none", "curve", "scheduler:freeze-thaw share=0.22")


@dataclass
class TrainingCost:
    """What a study spent and found.

    Attributes:
        epochs: trained, those that were trained again included.
        configurations: that were started.
        again: continued trials whose checkpoint was not there.
        checkpoints: written.
        megabytes: of all checkpoints written.
        seconds: of the study on the clock, the sampler's and the checkpoints' time included.
        processor: seconds of the processor, which do not depend on what else the machine does.
        best: the least error of a trial that was trained to the end.
    """

    epochs: int = 0
    configurations: int = 0
    again: int = 0
    checkpoints: int = 0
    megabytes: float = 0.0
    seconds: float = 0.0
    processor: float = 0.0
    best: float = np.inf


def train(name: str, engine: str, method: str, seed: int, trials: int) -> TrainingCost:
    """Carry out one study.

    Args:
        name: a key of `TRAININGS`.
        engine: a key of `methods.ENGINES`.
        method: a pruner or a scheduler, as for `methods.parse`.
        seed: of the study and of the models.
        trials: the number of configurations.
    """
    make, space = TRAININGS[name]
    cost = TrainingCost()

    def objective(params: Mapping[str, Any], trial: Trial) -> float:
        budget = crosstune.budget(trial)
        last = EPOCHS if budget is None else budget.epochs
        model, first = make(params, seed), 0
        saved = None if budget is None else checkpoints.find(trial)
        if saved is not None:
            model.load(saved.path.read_bytes())
            first = saved.step
        elif budget is not None and budget.resume_from is not None:
            cost.again += 1
        cost.configurations += budget is None or budget.resume_from is None
        error = np.nan
        for epoch in range(first + 1, last + 1):
            error = model.epoch()
            cost.epochs += 1
            if epoch == last < EPOCHS:  # before the report, which may end the trial
                content = model.dump()
                checkpoints.save(trial, content, step=epoch)
                cost.checkpoints += 1
                cost.megabytes += len(content) / 1e6
            trial.report(error, epoch)
            if trial.should_prune():
                raise optuna.TrialPruned
        if last == EPOCHS:
            cost.best = min(cost.best, error)
        return error

    backend, sampler = methods.ENGINES[engine]
    method_name, options = methods.parse(method)
    with tempfile.TemporaryDirectory() as folder:
        before, before_processor = time.perf_counter(), time.process_time()
        crosstune.tune(
            {"name": f"{name}-{seed}", "metric": "error", "space": space},
            objective,
            backend=backend,
            sampler=sampler,
            trials=trials,
            seed=seed,
            storage=Path(folder) / "study.journal",
            **methods.how(method_name, options, EPOCHS),
        )
        cost.seconds = time.perf_counter() - before
        cost.processor = time.process_time() - before_processor
    return cost


def table(costs: Mapping[tuple[str, str], Sequence[TrainingCost]], trials: int) -> Iterator[str]:
    """The lines of a Markdown table.

    Args:
        costs: by training and method, one per seed.
        trials: configurations of a study.
    """
    yield (
        "| | | epochs | seconds | of the processor | checkpoints, MB | best error "
        "| against `none` |"
    )
    yield "|---" * 8 + "|"
    for (name, method), of in costs.items():
        share = np.mean([cost.epochs for cost in of]) / (EPOCHS * trials)
        stored, size = (
            np.mean([getattr(c, key) for c in of]) for key in ("checkpoints", "megabytes")
        )
        whole = costs[name, "none"]
        differences = [cost.best - other.best for cost, other in zip(of, whole, strict=True)]
        mean, error = interval(differences)
        yield (
            f"| {name} | {method} | {share:.2f} | {np.mean([cost.seconds for cost in of]):.1f} "
            f"| {np.mean([cost.processor for cost in of]):.1f} "
            f"| {stored:.0f}, {size:.1f} | {np.mean([cost.best for cost in of]):.4f} "
            f"| {mean:+.4f} ± {error:.4f} |"
        )


def main() -> None:
    """Train, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", help=f"of {', '.join(TRAININGS)}; all if absent")
    parser.add_argument("--methods", nargs="+", default=list(METHODS))
    parser.add_argument("--engine", choices=methods.ENGINES, default="optuna:tpe")
    parser.add_argument("--seeds", type=int, default=3, help="2 or more (3)")
    parser.add_argument("--trials", type=int, default=60)
    options = parser.parse_args()
    for name in options.names:
        if name not in TRAININGS:
            parser.error(no_such("training", name, TRAININGS))
    if options.seeds < 2:
        parser.error("an interval needs 2 seeds or more")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    libraries = ("optuna", "torch", "scikit-learn", "xgboost")
    versions = ", ".join(f"{library} {version(library)}" for library in libraries)
    print(
        f"python {platform.python_version()}, {versions}; {options.engine}, {options.seeds} seeds"
    )
    costs: dict[tuple[str, str], list[TrainingCost]] = {}
    try:
        for name in options.names or TRAININGS:
            for method in dict.fromkeys(["none", *options.methods]):
                costs[name, method] = [
                    train(name, options.engine, method, seed, options.trials)
                    for seed in range(1, options.seeds + 1)
                ]
    except CrosstuneError as error:
        parser.exit(2, f"error: {error}\n")
    print("\n".join(table(costs, options.trials)))


if __name__ == "__main__":
    main()
