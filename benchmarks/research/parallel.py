"""What several trials at a time bring and cost: `python -m crosstune.benchmarks.research.parallel`.

Throughput is of trials that sleep, measured from the end of the first of each process on, so that
the start of processes is not in it. The driver's own time is processor time of its process, for
trials that take no time, with the study in memory. Idle is the share of the workers' time in which
no training of theirs sleeps, from the moment when all have begun one to the end of the study.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import optuna

from crosstune.errors import CrosstuneError
from crosstune.study.trials import budget
from crosstune.tuning.tune import tune

BEGAN, ENDED = "began", "ended"
"""The attributes with the times of a training."""
NAP = 0.1
"""How long a trial of the throughput measurement sleeps, in seconds."""

EPOCH = 1.0
"""How long a training of the idle measurement sleeps in each epoch, in seconds."""
EPOCHS = 20
"""The epochs of a whole training."""
SCHEDULERS: Mapping[str, Mapping[str, int]] = {
    "freeze-thaw": {},
    "i-epoch": {"first": 3, "finalists": 8},
    "successive-halving": {},
    "hyperband": {},
}
"""Those of the idle measurement. As many finalists as workers, since each of them trains one."""

SPEC: Mapping[str, Any] = {
    "space": {
        "x": {"type": "float", "low": -1, "high": 1},
        "k": {"type": "int", "low": 1, "high": 8},
        "c": {"type": "choice", "values": ["a", "b", "c"]},
    },
    "seed": 0,
    "sampler": "random",
}


def nap(params: Mapping[str, Any]) -> float:
    """A trial that sleeps."""
    time.sleep(NAP)
    return float(params["x"])


def square(params: Mapping[str, Any]) -> float:
    """A trial that takes no time."""
    return float(params["x"]) ** 2


def training(params: Mapping[str, Any], trial: optuna.Trial) -> float:
    """A training that sleeps, and continues where it was paused as if it had a checkpoint."""
    planned = budget(trial)
    first, last = (0, EPOCHS) if planned is None else (planned.initial_epoch, planned.epochs)
    trial.set_user_attr(BEGAN, time.time())
    value = 0.0
    for epoch in range(first, last):
        time.sleep(EPOCH)
        value = float(params["x"]) ** 2 + 1 / (epoch + 1)
        trial.report(value, epoch)
    trial.set_user_attr(ENDED, time.time())
    return value


def idle(workers: int, configurations: int, scheduler: Mapping[str, Any] | None = None) -> float:
    """The share of the workers' time in which they have nothing to do.

    Args:
        workers: the number of processes.
        configurations: to train.
        scheduler: with its options; None for whole trainings.
    """
    study = tune(SPEC, training, trials=configurations, workers=workers, scheduler=scheduler)
    spans = [(t.user_attrs[BEGAN], t.user_attrs[ENDED]) for t in study.trials]
    begin = sorted(began for began, _ in spans)[workers - 1]
    end = max(ended for _, ended in spans)
    busy = sum(ended - max(began, begin) for began, ended in spans if ended > begin)
    return float(1 - busy / (workers * (end - begin)))


def throughput(workers: int, trials: int, **how: Any) -> float:
    """Trials per second, after each process has finished one.

    Args:
        workers: the number of processes.
        trials: the number of measured trials.
        how: further keywords of `tune`.
    """
    study = tune(SPEC, nap, trials=trials + workers, workers=workers, **how)
    ended = sorted(t.datetime_complete for t in study.trials if t.datetime_complete is not None)
    return trials / (ended[-1] - ended[workers - 1]).total_seconds()


def driver_seconds(trials: int, **how: Any) -> float:
    """CPU seconds of this process per trial."""
    before = time.process_time()
    tune(SPEC, square, trials=trials, **how)
    return (time.process_time() - before) / trials


def print_idle(scale: int) -> int:
    """Print the idle time of 8 workers with and without a scheduler; the number of missed goals.

    Args:
        scale: 1 for a quick measurement, 4 for a whole one.
    """
    print(f"idle time of 8 workers, trainings of {EPOCHS} epochs that sleep {EPOCH:.0f} s")
    print(f"  {10 * scale} without a scheduler: {100 * idle(8, 10 * scale):4.1f} %")
    missed = 0
    for name, options in SCHEDULERS.items():
        share = idle(8, 30 * scale, {"name": name, "max_epochs": EPOCHS, **options})
        missed += share > 0.1
        print(f"  {30 * scale} with {name}: {100 * share:4.1f} % (goal 10 %)")
    return missed


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures; 1 if a goal is missed."""
    quick = "--quick" in (sys.argv[1:] if arguments is None else arguments)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    missed = 0
    scale = 1 if quick else 4
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(f"trials that sleep {NAP * 1000:.0f} ms, {os.cpu_count()} cores{load}")
    one = throughput(1, 10 * scale)
    print(f"  1 worker:  {one:5.2f} trials a second")
    for workers, goal in ((2, 1.9), (8, 7.0)):
        rate = throughput(workers, 10 * workers * scale)
        ordered = throughput(workers, 10 * workers * scale, lag=workers - 1)
        missed += rate / one < goal
        print(
            f"  {workers} workers: {rate:5.2f} trials a second, {rate / one:.2f} times one "
            f"worker's (goal {goal}); in order {ordered / one:.2f} times"
        )
    missed += print_idle(scale)
    trials = 200 if quick else 1000
    print(f"processor time of the driver for a trial that takes none, {trials} trials in memory")
    plain = driver_seconds(trials)
    print(f"  without workers {plain * 1000:.2f} ms")
    with ThreadPoolExecutor(2) as executor:
        threads = driver_seconds(trials, workers=2, executor=executor)
    print(f"  on 2 threads    {threads * 1000:.2f} ms")
    processes = driver_seconds(trials, workers=2)
    missed += processes > 0.005
    print(f"  on 2 processes  {processes * 1000:.2f} ms (goal 5 ms)")
    return 1 if missed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except CrosstuneError as error:
        print(f"crosstune: {error}", file=sys.stderr)
        sys.exit(error.exit_status)
