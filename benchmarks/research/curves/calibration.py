"""Whether what the curve pruner says of a trial's chances is true.

    python -m crosstune.benchmarks.research.curves.calibration

Studies of Optuna's TPE are replayed on the recorded curves with the pruner. Each time that it says
with what chance a trial will end below the best value so far, the recorded end of the curve tells
whether it would have. The table has, by what was said, the mean of it, how often it came true, and
how many times it was said.
"""

from __future__ import annotations

import argparse
import platform
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from itertools import pairwise
from typing import Any

import numpy as np
import optuna
from optuna.trial import Trial

import crosstune
from crosstune.benchmarks.research.curves.grids import GRIDS
from crosstune.benchmarks.research.curves.replay import curves, space
from crosstune.errors import no_such
from crosstune.pruners.curve import CurvePruner

EDGES = (0.0, 0.01, 0.03, 0.06, 0.1, 0.2, 0.4, 1.0)


class Listening(CurvePruner):
    """Notes what is said.

    Attributes:
        end: of the curve of the running trial.
        said: each chance, and whether the trial would have been the best.
    """

    def __init__(self) -> None:
        super().__init__()
        self.end = 0.0
        self.said: list[tuple[float, bool]] = []

    def _chance(self, now: Any, seen: Any, near: Any, schedule: Any) -> float:
        said = super()._chance(now, seen, near, schedule)
        self.said.append((said, self.end < min(curve.value for curve in seen)))
        return said


def listen(name: str, seed: int, trials: int) -> list[tuple[float, bool]]:
    """The chances that the pruner computed in one study, each with whether it came true.

    Args:
        name: of the recorded curves, a key of `GRIDS`.
        seed: of the study.
        trials: the number of trials.
    """
    recorded, pruner = curves(name), Listening()

    def train(trial: Trial) -> float:
        setting = (trial.suggest_categorical(*choices) for choices in GRIDS[name].items())
        curve = recorded[tuple(setting)]
        pruner.end = curve[-1]
        for epoch, value in enumerate(curve, 1):
            trial.report(value, epoch)
            if trial.should_prune():
                raise optuna.TrialPruned
        return curve[-1]

    spec = {"name": f"{name}-{seed}", "metric": "value", "space": space(name)}
    study = crosstune.create_study(spec, sampler="tpe", seed=seed)
    study.pruner = pruner
    study.optimize(train, n_trials=trials)
    return pruner.said


def table(said: Sequence[tuple[float, bool]]) -> Iterator[str]:
    """The lines of the table, one per range of chances."""
    chances, came = np.array(said, float).T
    yield f"{'chance':<12}{'said':>8}{'came true':>11}{'times':>7}"
    for low, high in pairwise(EDGES):
        chosen = (chances >= low) & (chances < high)
        if chosen.any():
            figures = f"{chances[chosen].mean():>8.3f}{came[chosen].mean():>11.3f}"
            yield f"{f'{low} to {high}':<12}{figures}{chosen.sum():>7}"


def main() -> None:
    """Replay, and print a table for each set."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", default=sorted(GRIDS))
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--trials", type=int, default=60)
    options = parser.parse_args()
    for name in options.names:
        if name not in GRIDS:
            parser.error(no_such("set", name, GRIDS))
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    print(f"python {platform.python_version()}, optuna {version('optuna')}")
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    for name in options.names:
        said = [chance for seed in seeds for chance in listen(name, seed, options.trials)]
        print("\n".join([name, *table(said)]))


if __name__ == "__main__":
    main()
