"""What a proposal of `crosstune:gp` takes when its trials have learning curves.

    python -m crosstune.benchmarks.research.curves.proposal

The trials are settings of the digits with their recorded curves; a third of them is trained to the
end, the others for four epochs. The figures are CPU time on one thread, median and maximum over
some proposals of engines that were told all trials at once, so that each includes a fit.
"""

from __future__ import annotations

import argparse
import platform
import time
from importlib.metadata import version

import numpy as np

from crosstune.benchmarks.research.curves.grids import EPOCHS, GRIDS
from crosstune.benchmarks.research.curves.replay import curves
from crosstune.engines.base import Outcome
from crosstune.samplers.gaussian_process.engine import GaussianProcessEngine
from crosstune.space.parameters import Choice
from crosstune.space.space import Space

BEGUN = 4
"""Epochs of an unfinished training."""


def milliseconds(trials: int, proposals: int, *, scheduled: bool) -> list[float]:
    """CPU times of proposals after some trials.

    Args:
        trials: that the engine was told, at most as many as the set has settings.
        proposals: the number of engines, each of which makes one proposal.
        scheduled: whether the unfinished trials are paused; else all are trained to the end.
    """
    grid = GRIDS["digits"]
    space = Space(
        {
            name: Choice(values, ordered=not isinstance(values[0], str))
            for name, values in grid.items()
        }
    )
    recorded = list(curves("digits").items())
    times = []
    for seed in range(proposals):
        chosen = np.random.default_rng(seed).permutation(len(recorded))[:trials]
        engine = GaussianProcessEngine(space, seed=seed)
        for place, number in enumerate(chosen):
            setting, curve = recorded[number]
            length = BEGUN if scheduled and place % 3 else EPOCHS
            reports = dict(enumerate(curve[:length], 1))
            epochs = EPOCHS if length < EPOCHS else None
            outcome = Outcome("complete", curve[length - 1], reports, epochs=epochs)
            engine.insert(dict(zip(grid, setting, strict=True)), outcome)
        before = time.process_time()
        engine.ask(0)
        times.append(1000 * (time.process_time() - before))
    return times


def main() -> None:
    """Print a line for each number of trials."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trials", type=int, nargs="*", default=[60, 300, 1000])
    parser.add_argument("--proposals", type=int, default=5)
    options = parser.parse_args()
    print(f"python {platform.python_version()}, numpy {version('numpy')}, scipy {version('scipy')}")
    print("milliseconds of a proposal, with a fit: median, maximum")
    for trials in options.trials:
        for scheduled in (False, True):
            times = milliseconds(trials, options.proposals, scheduled=scheduled)
            state = "a third whole" if scheduled else "all whole"
            print(f"{trials:>6} trials, {state:<15}{np.median(times):>8.1f}{max(times):>8.1f}")


if __name__ == "__main__":
    main()
