"""A run in order of every engine, killed by SIGKILL at random instants and resumed."""

from __future__ import annotations

import math
import multiprocessing
import random
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import crosstune
from crosstune.benchmarks.research import resume

SERVER = multiprocessing.get_context("forkserver")
"""It has one thread, so that no process that it forks inherits a lock which is never released."""
SERVER.set_forkserver_preload(
    [
        "crosstune.benchmarks.research.resume",
        *(f"crosstune.adapters.{name}.adapter" for name in ("hyperopt", "keras_tuner", "optuna")),
        *("hyperopt", "keras_tuner", "pytest"),
        *("crosstune.samplers.gaussian_process.engine", "crosstune.parallel.replay_in_order"),
    ]
)
PATIENCE = 120.0
"""Seconds within which a run ends that nobody kills."""


@pytest.mark.slow
@pytest.mark.parametrize("engine", [each for each in resume.RUNS if each != "keras_tuner:bayesian"])
def test_every_engine_is_resumed_in_order(engine: str, tmp_path: Path) -> None:
    """With threads, whose driver is quick to start, so that many can be killed."""
    _forked(engine, tmp_path / "first", "calls", 4, None)  # starts the server
    lasted = _forked(engine, tmp_path / "whole", "calls", 4, None)
    wanted = resume.rows(tmp_path / "whole" / "a.journal")
    found, chance = resume.KilledRuns(), random.Random(2)
    while found.kills < 25:
        place = tmp_path / f"{found.kills}-{chance.random()}"
        if _forked(engine, place, "first", 2, chance.uniform(0, lasted)) < math.inf:
            continue  # it was quicker this time
        found.kills += 1
        ended = [row for row in resume.rows(place / "a.journal") if row[1] not in resume.UNFINISHED]
        _forked(engine, place, "second", chance.choice([1, 2, 4]), None)
        after = resume.rows(place / "a.journal")
        found.equal += after == wanted
        found.lost += sum(row not in after for row in ended)
        calls = (place / "second").read_text().split() if (place / "second").exists() else []
        found.twice += len({row[0] for row in ended} & set(map(int, calls)))
    print(f"{engine}: {found}")
    assert (found.kills, found.equal, found.lost, found.twice) == (25, 25, 0, 0)


def _forked(engine: str, folder: Path, calls: str, workers: int, kill: float | None) -> float:
    """The seconds of a run in a process of its own; infinite where it was killed after `kill`."""
    folder.mkdir(exist_ok=True)
    process = SERVER.Process(target=_carry_out, args=(engine, folder, calls, workers))
    began = time.monotonic()
    process.start()
    process.join(PATIENCE if kill is None else kill)
    if process.exitcode is None:
        process.kill()
        process.join(PATIENCE)
        assert kill is not None, f"a run did not end in {PATIENCE:.0f} seconds"
        return math.inf
    assert process.exitcode == 0
    return time.monotonic() - began


def _carry_out(engine: str, folder: Path, calls: str, workers: int) -> None:
    with ThreadPoolExecutor(workers) as executor:
        crosstune.tune(
            resume.spec(engine),
            resume.Objective(folder / calls),
            storage=folder / "a.journal",
            resume=True,
            executor=executor,
            workers=workers,
            lag=3,
        )
