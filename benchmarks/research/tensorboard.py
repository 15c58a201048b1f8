"""What a TensorBoard log costs a study, in wall time: a trial and a report.

    python -m crosstune.benchmarks.research.tensorboard

Trials have ten parameters. The callback is timed for each trial, and the figure is the median of
the last twenty: first trials without reports, then trials whose 500 reports it finds at their end,
which is the dearest time to find them. For the last line a study with reports runs with and without
a log in turns, with the thread that looks for new reports, and what the log adds in all is shared
out among the reports.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import optuna
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial

from crosstune.callbacks import TensorBoardCallback
from crosstune.study.storage import open_storage
from crosstune.tuning.between_trials import Callback

PARAMS = 10
REPORTS = 500


class TimedLog(TensorBoardCallback):
    """Logs a trial with all of its reports when it has ended, and measures the time."""

    def __init__(self, log_dir: Path):
        super().__init__(log_dir, every=1e6)
        self.milliseconds: list[float] = []

    def __call__(self, study: Study, trial: FrozenTrial) -> None:
        """Log it."""
        start = time.perf_counter()
        super().__call__(study, trial)
        self.milliseconds.append(1000 * (time.perf_counter() - start))


def trial_cost(trials: int, reports: int, *, journal: bool = False) -> float:
    """Milliseconds to log one of the last trials, the median.

    Args:
        trials: the number of trials.
        reports: the number of reports per trial.
        journal: whether the study is in a journal; else in memory.
    """
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "journal" if journal else None
        callback = TimedLog(Path(folder) / "logs")
        _optimize(trials, reports, place, callback)
        callback.close()
        return statistics.median(callback.milliseconds[-20:])


def live_cost(trials: int, repeats: int) -> float:
    """Milliseconds per report by which a log lengthens a study."""
    added = []
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as folder:
            start = time.perf_counter()
            _optimize(trials, REPORTS, None)
            middle = time.perf_counter()
            with TensorBoardCallback(folder) as callback:
                _optimize(trials, REPORTS, None, callback)
            added.append((time.perf_counter() - middle) - (middle - start))
    return 1000 * statistics.median(added) / (trials * REPORTS)


def _optimize(trials: int, reports: int, place: Path | None, *callbacks: Callback) -> None:
    def objective(trial: Trial) -> float:
        values = [trial.suggest_float(f"p{number}", 0, 1) for number in range(PARAMS)]
        for step in range(reports):
            trial.report(values[0], step)
        return values[0]

    sampler = optuna.samplers.RandomSampler(seed=0)
    study = optuna.create_study(storage=open_storage(place), sampler=sampler)
    study.optimize(objective, n_trials=trials, callbacks=callbacks)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=5, help="of the last line")
    options = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    libraries = ("crosstune", "optuna", "tensorboard")
    print(f"Python {platform.python_version()}, {platform.machine()}, ", end="")
    print(", ".join(f"{name} {version(name)}" for name in libraries), end="\n\n")
    print("| what | ms |")
    print("|---|---|")
    for count in (20, 1000, 5000):
        print(f"| a trial, the {count}th, in memory | {trial_cost(count, 0):.2f} |", flush=True)
    print(f"| a trial, the 100th, in a journal | {trial_cost(100, 0, journal=True):.2f} |")
    print(f"| a report, of {REPORTS} in a trial | {trial_cost(20, REPORTS) / REPORTS:.3f} |")
    print(f"| a report, of all that a log adds | {live_cost(20, options.repeats):.3f} |")


if __name__ == "__main__":
    main()
