"""Whether killed runs go on as they would have, and what the snapshots for it cost.

    python -m crosstune.benchmarks.research.resume

For each engine a run is carried out whole, and then again and again in processes of their own,
each of which is killed by SIGKILL at a random instant and resumed. Every other one keeps a snapshot
after each trial, the rest none. A resumed run is equal where numbers, states, values, parameters,
reports and what samplers and pruners keep of a trial are those of the whole run, bit for bit. A
trial is lost where it had ended before the kill and is another one or none after it; it was
evaluated twice where it had ended, and the objective was called for it again.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import os
import platform
import random
import signal
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import optuna

import crosstune
from crosstune import resume
from crosstune.engines.record_names import RETRIED, RETRIED_FROM
from crosstune.engines.registry import get
from crosstune.objectives import suggest
from crosstune.resume import snapshots
from crosstune.study.storage import open_storage

SPACE: dict[str, dict[str, Any]] = {
    "kind": {"type": "choice", "values": ["a", "b", "c"]},
    "rate": {"type": "float", "low": 1e-4, "high": 1.0, "log": True},
    "units": {"type": "int", "low": 1, "high": 64},
    "momentum": {"type": "float", "low": 0, "high": 1, "when": {"kind": "a"}},
}
RUNS: dict[str, dict[str, Any]] = {
    "optuna:tpe": {"trials": 14, "sampler": {"name": "tpe", "n_startup_trials": 4}},
    "hyperopt:tpe": {"trials": 14, "sampler": {"name": "tpe", "n_startup_jobs": 4}},
    "keras_tuner:bayesian": {
        "trials": 7,
        "sampler": {"name": "bayesian", "num_initial_points": 4},
    },
    "keras_tuner:hyperband": {"trials": 12, "sampler": {"name": "hyperband", "max_epochs": 4}},
    "crosstune:gp": {"trials": 9, "sampler": "gp"},
    "optuna:tpe+freeze-thaw": {"trials": 12, "scheduler": {"name": "freeze-thaw", "max_epochs": 4}},
    "hyperopt:tpe+i-epoch": {
        "trials": 12,
        "scheduler": {"name": "i-epoch", "max_epochs": 4, "first": 2},
    },
    "optuna:tpe+successive-halving": {
        "trials": 12,
        "scheduler": {"name": "successive-halving", "max_epochs": 4, "factor": 2},
    },
    "crosstune:gp+hyperband": {
        "trials": 9,
        "scheduler": {"name": "hyperband", "max_epochs": 4, "factor": 2},
    },
}
"""The studies by engine, some with a scheduler after a plus."""
ENGINES = ("optuna:tpe", "hyperopt:tpe", "keras_tuner:bayesian")
"""The three of which the figures are published; the others on demand."""
REPORTS = 4
UNFINISHED = ("RUNNING", "WAITING")


@dataclass
class KilledRuns:
    """What became of the killed runs of an engine."""

    kills: int = 0
    equal: int = 0
    lost: int = 0
    twice: int = 0
    seconds: list[float] = field(default_factory=list)
    """How long each took to be resumed to the end."""


def spec(engine: str) -> dict[str, Any]:
    """The study of an engine; without a scheduler it has a pruner that keeps what it decided in
    the trials.
    """
    run: dict[str, Any] = {"name": "killed", "space": SPACE, "seed": 1}
    run["backend"] = engine.split(":")[0]
    if "scheduler" in RUNS[engine]:
        run["sampler"] = engine.split(":")[1].split("+")[0]
    else:
        run["pruner"] = {"name": "successive-halving", "min_resource": 1, "reduction_factor": 2}
    return {**run, **RUNS[engine]}


class Objective:
    """A curve; each call adds a line to a file."""

    def __init__(self, calls: Path):
        self._calls = calls

    def __call__(self, params: dict[str, Any], trial: optuna.Trial) -> float:
        """The value of a point."""
        with self._calls.open("a") as file:
            file.write(f"{trial.number}\n")
        worth = math.log10(params["rate"]) + params["units"] / 64 + len(params)
        for step in range(REPORTS):
            trial.report(worth + math.sin(worth * step), step)
            if trial.should_prune():
                raise optuna.TrialPruned
        return float(worth + math.cos(7 * worth))


def rows(place: Path) -> list[Any]:
    """The parts of each trial in a journal that have to be equal."""
    if not place.exists():
        return []
    storage = open_storage(place)
    if not storage.get_all_studies():
        return []
    study = optuna.load_study(study_name="killed", storage=storage)
    return [
        (
            trial.number,
            trial.state.name,
            trial.values,
            list(trial.params.items()),
            list(trial.intermediate_values.items()),
            {
                key: value
                for key, value in trial.user_attrs.items()
                if key not in (RETRIED, RETRIED_FROM)
            },
            trial.system_attrs,
        )
        for trial in study.trials
    ]


def carry_out(engine: str, folder: Path, calls: str, often: bool) -> None:
    """Complete a run in this process; an existing run is resumed.

    Args:
        engine: backend and sampler.
        folder: of the journal.
        calls: name of the file in `folder` that lists the evaluated trials.
        often: whether snapshots are taken as often as possible, or never.
    """
    snapshots.LEAST, snapshots.SHARE = (0.0, math.inf) if often else (math.inf, 1.0)
    objective = Objective(folder / calls)
    crosstune.tune(spec(engine), objective, storage=folder / "a.journal", resume=True)


def kill(engine: str, count: int, seed: int) -> KilledRuns:
    """Kill runs of an engine at random instants, each once, and resume them.

    Args:
        engine: backend and sampler.
        count: the number of kills that hit a running process.
        seed: of the instants.
    """
    get(engine.split(":")[0])  # imported here, once; the processes are forked
    outcome, rng = KilledRuns(), random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        whole = folder / "whole"
        whole.mkdir()
        lasted = max(_forked(engine, whole, "calls", often=often) for often in (False, True))
        wanted = rows(whole / "a.journal")
        while outcome.kills < count:
            often = outcome.kills % 2 == 1
            place = folder / f"{outcome.kills}-{rng.random()}"
            place.mkdir()
            process = _start(engine, place, "first", often=often)
            process.join(rng.uniform(0, lasted))
            if process.exitcode is not None:
                continue  # it was quicker this time, so nothing was killed
            assert process.pid is not None
            os.kill(process.pid, signal.SIGKILL)
            process.join()
            outcome.kills += 1
            ended = [
                row for row in rows(place / "a.journal") if row[1] not in ("RUNNING", "WAITING")
            ]
            outcome.seconds.append(_forked(engine, place, "second", often=often))
            after = rows(place / "a.journal")
            outcome.equal += after == wanted
            outcome.lost += sum(row not in after for row in ended)
            outcome.twice += len({row[0] for row in ended} & _called(place / "second"))
    return outcome


def _called(calls: Path) -> set[int]:
    return {int(line) for line in calls.read_text().split()} if calls.exists() else set()


def _start(engine: str, folder: Path, calls: str, *, often: bool) -> Any:
    context = multiprocessing.get_context("fork")
    process = context.Process(target=carry_out, args=(engine, folder, calls, often))
    process.start()
    return process


def _forked(engine: str, folder: Path, calls: str, *, often: bool) -> float:
    """The seconds of a run in a process of its own."""
    began = time.monotonic()
    process = _start(engine, folder, calls, often=often)
    process.join()
    if process.exitcode != 0:
        raise RuntimeError(f"a run of {engine} ended with exit status {process.exitcode}")
    return time.monotonic() - began


@dataclass(frozen=True)
class Cost:
    """What the snapshots of a run cost.

    Attributes:
        share: of the run's time.
        written: how many there were.
        trials: how many trials the run had.
        size: bytes of the last one.
        last: seconds that one took.
    """

    share: float
    written: int
    trials: int
    size: int
    last: float


def cost(engine: str, seconds: float) -> Cost:
    """Run for a while with snapshots at their usual rhythm."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name) / "a.journal"
        study = crosstune.create_study({**spec(engine), "trials": 10**6}, storage=place)
        keeper = resume.keeper(study)
        assert keeper is not None
        objective, space = Objective(Path(name) / "calls"), crosstune.Space(SPACE)
        began = time.monotonic()
        study.optimize(
            lambda trial: objective(suggest(space, trial), trial),
            timeout=seconds,
            callbacks=[keeper],
        )
        spent = time.monotonic() - began
        share, written = keeper.seconds / spent, keeper.written
        before = keeper.seconds
        keeper.write()
        size = sum(path.stat().st_size for path in Path(name).glob("*.snapshot"))
        return Cost(share, written, len(study.trials), size, keeper.seconds - before)


def resumed_in(engine: str, seconds: float) -> tuple[int, float, float]:
    """How many trials a run has after a while, and how long it takes to come to where it stood:
    from a snapshot, and by asking for every trial again. A run without a trial left is measured.
    """
    snapshots.LEAST, snapshots.SHARE = 0.0, 1.0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        place = folder / "a.journal"
        unlimited = {key: value for key, value in spec(engine).items() if key != "trials"}
        done = len(crosstune.tune(unlimited, Objective(folder / "calls"), storage=place,
                                  seconds=seconds).trials)  # fmt: skip
        times = []
        for _ in range(2):
            began = time.monotonic()
            study = crosstune.tune(
                unlimited, Objective(folder / "calls"), storage=place, resume=True, seconds=1e-9
            )
            times.append(time.monotonic() - began)
            assert len(study.trials) == done
            for path in folder.glob("*.snapshot"):
                path.unlink()
        return done, times[0], times[1]


def main(arguments: list[str] | None = None) -> int:
    """Print the figures; 0 where every resumed run was equal, and nothing lost or done twice."""
    parser = argparse.ArgumentParser(prog="python -m crosstune.benchmarks.research.resume")
    parser.add_argument("--engine", action="append", choices=RUNS, metavar="NAME")
    parser.add_argument("--kills", type=int, default=100, metavar="N")
    parser.add_argument("--seconds", type=float, default=15.0, metavar="S", help="of a cost run")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    options = parser.parse_args(arguments)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    crosstune_quiet()
    engines = options.engine or list(ENGINES)
    print(f"{platform.python_version()}, Optuna {optuna.__version__}, {os.cpu_count()} CPUs")
    print("engine                 kills  equal  lost  twice  resumed to the end in")
    failed = 0
    for engine in engines:
        outcome = kill(engine, options.kills, options.seed)
        middle = sorted(outcome.seconds)[len(outcome.seconds) // 2]
        counts = f"{outcome.kills:5}  {outcome.equal:5}  {outcome.lost:4}  {outcome.twice:5}"
        print(f"{engine:22} {counts}  {middle:.2f} s", flush=True)
        failed += outcome.equal != outcome.kills or outcome.lost + outcome.twice > 0
    if options.seconds > 0:
        print("engine                 snapshots of time  written  trials      size   each")
        for engine in engines:
            spent = cost(engine, options.seconds)
            print(f"{engine:22} {100 * spent.share:15.2f} %  {spent.written:7}  {spent.trials:6}  "
                  f"{spent.size / 1000:5.0f} kB  {1000 * spent.last:.0f} ms",
                  flush=True)  # fmt: skip
        print("engine                 trials  from a snapshot  asked for again")
        for engine in engines:
            trials, quick, whole = resumed_in(engine, options.seconds)
            print(f"{engine:22} {trials:6}  {quick:13.2f} s  {whole:13.2f} s", flush=True)
    return int(failed > 0)


def crosstune_quiet() -> None:
    """Say nothing of what a killed process leaves: torn lines are part of what is measured."""
    import logging

    logging.getLogger("crosstune").setLevel(logging.ERROR)


if __name__ == "__main__":
    for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(_name, "1")
    sys.exit(main())
