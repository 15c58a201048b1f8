"""The driver of several trials at a time, killed by SIGKILL at random instants and resumed."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import optuna
import pytest

from crosstune.study.storage import open_storage
from tests.unit.resume.support import rows

TRIALS = 24
PATIENCE = 20.0
"""For how many seconds a worker may outlive its driver."""
SPEC = f"""
objective: objective:value
name: a study
trials: {TRIALS}
seed: 4
sampler: {{name: tpe, n_startup_trials: 5}}
pruner: {{name: successive-halving, min_resource: 1, reduction_factor: 2}}
space:
  x: {{type: float, low: 0, high: 1}}
  n: {{type: int, low: 1, high: 8}}
"""
OBJECTIVE = """
import math, os, pathlib, time
import optuna

def value(params, trial):
    def mark(what):
        with open("marks", "a") as file:
            file.write(f"{what} {trial.number} {os.getpid()}\\n")

    mark("begin")
    worth = params["x"] + params["n"] / 8
    for step in range(4):
        time.sleep(0.01 + 0.01 * (trial.number * 7 % 5))
        trial.report(worth + math.sin(5 * worth + step), step)
        if trial.should_prune():
            mark("end")
            raise optuna.TrialPruned
    mark("end")
    return worth
"""

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="looks for processes in /proc"
)


@dataclass
class Run:
    """Runs of one study in a folder, by the command line.

    Attributes:
        options: of each.
        spec: of the study.
    """

    folder: Path
    options: tuple[str, ...]
    spec: str = SPEC

    def __post_init__(self) -> None:
        self.folder.mkdir()
        (self.folder / "spec.yaml").write_text(self.spec)
        (self.folder / "objective.py").write_text(OBJECTIVE)

    def start(self, *options: str) -> subprocess.Popen[bytes]:
        """A driver; its errors are in a file."""
        command = [sys.executable, "-m", "crosstune", "run", "spec.yaml"]
        with (self.folder / "said").open("w") as said:
            return subprocess.Popen(
                [*command, "--storage", "j.journal", *self.options, *options],
                cwd=self.folder,
                stdout=said,
                stderr=said,
            )

    def carry_out(self, *options: str) -> None:
        """One run to its end."""
        process = self.start(*options)
        assert process.wait(timeout=300) == 0, (self.folder / "said").read_text()

    def study(self) -> optuna.Study | None:
        """As it is on file; None where it was not yet made."""
        place = self.folder / "j.journal"
        if not place.exists():
            return None
        storage = open_storage(place)
        if not storage.get_all_studies():
            return None
        return optuna.load_study(study_name="a study", storage=storage)

    def marks(self, what: str) -> list[tuple[int, int]]:
        """The trials that began, or came to their end, each with its process."""
        path = self.folder / "marks"
        lines = path.read_text().splitlines() if path.exists() else []
        return [(int(n), int(pid)) for each, n, pid in map(str.split, lines) if each == what]

    def kill(self, after: float) -> bool:
        """Kill a driver some seconds after the first trial has begun; where they are below 0,
        after it was started. False where it was quicker. Every worker of it has to end."""
        process = self.start()
        if after >= 0:
            while not self.marks("begin") and process.poll() is None:
                time.sleep(0.01)
        try:
            process.wait(timeout=abs(after))
        except subprocess.TimeoutExpired:
            assert self.alive()  # so they can be seen
            process.send_signal(signal.SIGKILL)
            process.wait()
        else:
            return False
        until = time.monotonic() + PATIENCE
        while (left := self.alive()) and time.monotonic() < until:
            time.sleep(0.05)
        assert not left
        return True

    def alive(self) -> list[str]:
        """The processes at work in the folder."""
        found = []
        for process in Path("/proc").iterdir():
            try:
                here = process.name.isdigit() and (process / "cwd").readlink() == self.folder
                if here and (process / "stat").read_text().rpartition(")")[2].split()[0] != "Z":
                    found.append((process / "cmdline").read_text().replace("\0", " "))
            except OSError:
                continue  # it has ended
        return found


@dataclass
class Found:
    """What became of the runs whose driver was killed."""

    kills: int = 0
    equal: int = 0
    states: Counter[str] = field(default_factory=Counter)
    lost: int = 0
    twice: int = 0


def killed_and_resumed(
    folder: Path,
    options: tuple[str, ...],
    kills: int,
    *,
    workers: str,
    wanted: Any = None,
    spec: str = SPEC,
) -> Found:
    """Kill a driver at a random instant, and resume; so many times."""
    found, chance = Found(), random.Random(1)
    while found.kills < kills:
        run = Run(folder / f"{found.kills}-{chance.random()}", options, spec)
        early = found.kills % 4 == 3
        if not run.kill(-chance.uniform(0.5, 4.0) if early else chance.uniform(0.0, 2.0)):
            continue
        found.kills += 1
        before = run.study()
        ended = [] if before is None else [
            row for row in rows(before) if row[1] not in ("RUNNING", "WAITING")
        ]  # fmt: skip
        begun = len(run.marks("begin"))
        run.carry_out("--resume", "--workers", workers)
        study = run.study()
        assert study is not None
        after = rows(study)
        found.equal += after == wanted
        found.states.update(row[1] for row in after)
        found.lost += sum(row not in after for row in ended)
        again = {number for number, _ in run.marks("begin")[begun:]}
        found.twice += len({row[0] for row in ended} & again)
        assert [row[0] for row in after] == list(range(len(wanted or range(TRIALS))))
    print(f"{options}: {found}")
    return found


@pytest.mark.slow
@pytest.mark.parametrize("kills", [1, pytest.param(12, marks=pytest.mark.slow)])
def test_a_run_in_order_is_resumed_as_if_it_had_not_been_killed(kills: int, tmp_path: Path) -> None:
    whole = Run(tmp_path / "whole", ("--ordered", "5"))
    whole.carry_out("--workers", "1")
    study = whole.study()
    assert study is not None
    wanted = rows(study)
    assert {row[1] for row in wanted} == {"COMPLETE", "PRUNED"}
    # The killed ones have 2 workers, the resumed ones 3.
    found = killed_and_resumed(
        tmp_path, ("--ordered", "5", "--workers", "2"), kills, workers="3", wanted=wanted
    )
    assert (found.kills, found.equal, found.lost, found.twice) == (kills, kills, 0, 0)


@pytest.mark.slow
@pytest.mark.parametrize("scheduler", ["freeze-thaw", "i-epoch"])
@pytest.mark.parametrize("kills", [1, 6])
def test_a_scheduled_run_in_order_is_resumed_as_if_it_had_not_been_killed(
    kills: int, scheduler: str, tmp_path: Path
) -> None:
    settings = f"scheduler: {{name: {scheduler}, max_epochs: 4, first: 1}}"
    lines = [settings if line.startswith("pruner") else line for line in SPEC.splitlines()]
    spec = "\n".join(lines).replace(f"trials: {TRIALS}", "trials: 14")
    whole = Run(tmp_path / "whole", ("--ordered", "3"), spec)
    whole.carry_out("--workers", "1")
    study = whole.study()
    assert study is not None
    wanted = rows(study)
    assert {row[1] for row in wanted} == {"COMPLETE", "PRUNED"}
    found = killed_and_resumed(
        tmp_path,
        ("--ordered", "3", "--workers", "2"),
        kills,
        workers="3",
        wanted=wanted,
        spec=spec,
    )
    assert (found.kills, found.equal, found.lost, found.twice) == (kills, kills, 0, 0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "kills"), [(("--workers", "2"), 8), (("--dask", "local", "--workers", "2"), 4)]
)
def test_a_run_without_order_ends_with_its_budget(
    options: tuple[str, ...], kills: int, tmp_path: Path
) -> None:
    if "--dask" in options:
        pytest.importorskip("distributed")
    found = killed_and_resumed(tmp_path, options, kills, workers="3")
    assert (found.kills, found.lost, found.twice) == (kills, 0, 0)
    assert found.states.total() == kills * TRIALS
    assert set(found.states) == {"COMPLETE", "PRUNED"}
