"""What one decision of a pruner takes when a study has many finished trials.

    python -m crosstune.benchmarks.research.curves.decision

The trials are the recorded settings and curves of the digits, over and over; a third of them ended
early. The figures are the median and the 95th percentile over the decisions of one more trial.
"""

from __future__ import annotations

import argparse
import platform
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.trial import FrozenTrial, TrialState, create_trial

from crosstune import pruners
from crosstune.benchmarks.research.curves.grids import GRIDS
from crosstune.benchmarks.research.curves.replay import curves
from crosstune.study.storage import open_storage

ROUNDS = 5
NEW = 200
"""How many settings no finished trial has; the trial that is decided on has the best of them."""
DOMAINS: dict[str, BaseDistribution] = {
    name: CategoricalDistribution(values) for name, values in GRIDS["digits"].items()
}


def finished(count: int) -> list[FrozenTrial]:
    """Trials with recorded settings and curves; every third was pruned after nine epochs."""
    recorded = list(curves("digits").items())[:-NEW]
    trials = []
    for number in range(count):
        setting, curve = recorded[number % len(recorded)]
        pruned = number % 3 == 0
        trials.append(
            create_trial(
                state=TrialState.PRUNED if pruned else TrialState.COMPLETE,
                value=None if pruned else curve[-1],
                params=dict(zip(DOMAINS, setting, strict=True)),
                distributions=DOMAINS,
                intermediate_values=dict(enumerate(curve[: 9 if pruned else None], 1)),
            )
        )
    return trials


def decide(pruner: str, trials: list[FrozenTrial], storage: str | Path | None) -> list[float]:
    """Milliseconds of each decision, without those of the first trial.

    Args:
        pruner: its name.
        trials: the study before the measurement.
        storage: of the study; None for in memory.
    """
    study = optuna.create_study(
        pruner=pruners.create(pruner), storage=open_storage(storage) if storage else None
    )
    study.add_trials(trials)
    setting, curve = min(list(curves("digits").items())[-NEW:], key=lambda item: item[1][-1])
    milliseconds = []
    for round_ in range(ROUNDS):
        study.enqueue_trial(dict(zip(DOMAINS, setting, strict=True)))
        trial = study.ask(DOMAINS)
        for epoch, value in enumerate(curve, 1):
            trial.report(value, epoch)
            before = time.perf_counter()
            trial.should_prune()
            if round_:
                milliseconds.append(1000 * (time.perf_counter() - before))
        study.tell(trial, state=TrialState.FAIL)
    return milliseconds


def main() -> None:
    """Print a line for each pruner and place of the study."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--finished", type=int, default=1000)
    options = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    trials = finished(options.finished)
    print(f"python {platform.python_version()}, optuna {version('optuna')}")
    print(f"{options.finished} finished trials; milliseconds a decision: median, 95th percentile")
    with tempfile.TemporaryDirectory() as folder:
        for place, storage in {"memory": None, "journal": Path(folder) / "study.journal"}.items():
            for pruner in ("median", "hyperband", "successive-halving", "curve"):
                if storage is not None:
                    storage.unlink(missing_ok=True)
                times = decide(pruner, trials, storage)
                middle, high = np.quantile(times, [0.5, 0.95])
                print(f"{place:<10}{pruner:<20}{middle:>8.2f}{high:>8.2f}")


if __name__ == "__main__":
    main()
