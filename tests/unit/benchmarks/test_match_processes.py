"""The processes of a match end with it, with all that they started, and none holds it up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crosstune import Spec
from crosstune.benchmarks.match.contender import contenders
from crosstune.benchmarks.match.folder import MatchFolder
from crosstune.benchmarks.match.limits import RunLimits
from crosstune.benchmarks.match.match import Match
from crosstune.benchmarks.problems.base import Problem
from crosstune.errors import RunError
from crosstune.system import child_processes as children
from crosstune.system import process_groups as groups
from tests.support.slow import slow_but_first
from tests.unit.benchmarks import family_objectives as objectives
from tests.unit.benchmarks import match_objectives
from tests.unit.parallel import families

pytestmark = pytest.mark.skipif(not hasattr(os, "killpg"), reason="Windows has no process groups")
WHO = "optuna:random,optuna:tpe"


@pytest.fixture
def marks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    marks = tmp_path / "marks"
    marks.mkdir()
    monkeypatch.setenv(objectives.FOLDER, str(marks))
    monkeypatch.setattr(groups, "GRACE", 1.0)
    monkeypatch.setattr(children, "ENDING", 1.0)
    return marks


def match(objective: Callable[..., Any]) -> Match:
    spec = Spec(**match_objectives.SPEC)
    return Match((Problem(spec.name, spec, objective),), contenders(WHO), RunLimits(trials=2))


def test_a_run_that_is_killed_ends_the_match_and_its_own_family(
    tmp_path: Path, marks: Path
) -> None:
    with pytest.raises(RunError, match="the process of a run was killed"):
        match(objectives.dies).run(MatchFolder(tmp_path / "m"), 1, jobs=2)
    assert families.all_gone(marks)


def test_a_thread_that_a_run_leaves_does_not_keep_the_match(tmp_path: Path, marks: Path) -> None:
    results = match(objectives.leaves_a_thread).run(MatchFolder(tmp_path / "m"), 1, jobs=2)
    assert len(results.runs) == 2


SCRIPT = """
import sys
from pathlib import Path
from crosstune.benchmarks.match.folder import MatchFolder
from tests.unit.benchmarks import family_objectives
from tests.unit.benchmarks.test_match_processes import match

if __name__ == "__main__":
    match(family_objectives.hangs).run(MatchFolder(Path(sys.argv[1])), 1, jobs=2)
"""


@pytest.mark.parametrize("how", slow_but_first([signal.SIGKILL, signal.SIGINT]))
def test_no_family_outlives_a_match(tmp_path: Path, marks: Path, how: signal.Signals) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    command = [sys.executable, script, tmp_path / "m"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as process:
        while len(families.alive(marks)) < 8:
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(how)
        process.wait(60)
    assert families.all_gone(marks)
