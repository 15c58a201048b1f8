"""What logging costs a study: under 1 ms a report and 5 ms a trial.

python -m tests.test_tensorboard_cost    # print the figures
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from statistics import median

import optuna
import pytest
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial

from crosstune.callbacks import TensorBoardCallback
from crosstune.storage import open_storage

PARAMS = 10


class Timed(TensorBoardCallback):
    """Logs when a trial has ended, all of its reports then, and notes how long it took."""

    def __init__(self, log_dir: Path):
        super().__init__(log_dir, every=1e6)
        self.milliseconds: list[float] = []

    def __call__(self, study: Study, trial: FrozenTrial) -> None:
        start = time.perf_counter()
        super().__call__(study, trial)
        self.milliseconds.append(1000 * (time.perf_counter() - start))


def cost(trials: int, reports: int, *, journal: bool = False) -> float:
    """Milliseconds that logging a trial takes: the median over the last twenty of a study."""

    def objective(trial: Trial) -> float:
        values = [trial.suggest_float(f"p{number}", 0, 1) for number in range(PARAMS)]
        for step in range(reports):
            trial.report(values[0], step)
        return values[0]

    with tempfile.TemporaryDirectory() as folder:
        place = open_storage(Path(folder) / "journal" if journal else None)
        study = optuna.create_study(storage=place, sampler=optuna.samplers.RandomSampler(seed=0))
        callback = Timed(Path(folder) / "logs")
        study.optimize(objective, n_trials=trials, callbacks=[callback])
        callback.close()
    return median(callback.milliseconds[-20:])


@pytest.mark.slow
def test_logging_costs_under_5_ms_a_trial_and_1_ms_a_report() -> None:
    assert cost(1000, 0) < 5
    assert cost(100, 0, journal=True) < 5
    assert cost(20, 500) < 500


if __name__ == "__main__":
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    for count in (20, 1000, 5000):
        print(f"in memory, trial {count}: {cost(count, 0):.2f} ms", flush=True)
    print(f"in a journal, trial 100: {cost(100, 0, journal=True):.2f} ms", flush=True)
    print(f"500 reports a trial: {cost(20, 500) / 500:.3f} ms a report", flush=True)
