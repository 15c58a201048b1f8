"""What several trials at a time bring and cost: `python -m crosstune.benchmarks.research.parallel`.

Throughput is of trials that sleep, measured from the end of the first of each process on, so that
the start of processes is not in it. The driver's own time is processor time of its process, for
trials that take no time, with the study in memory.
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
from crosstune.tuning.tune import tune

NAP = 0.1
"""How long a trial of the throughput measurement sleeps, in seconds."""

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
