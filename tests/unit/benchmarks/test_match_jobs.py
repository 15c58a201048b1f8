"""A match in several processes: from a session, from a script, and what it says when it cannot."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from crosstune.benchmarks.match.contender import contenders
from crosstune.benchmarks.match.folder import MatchFolder
from crosstune.benchmarks.match.limits import RunLimits
from crosstune.benchmarks.match.match import Match
from crosstune.benchmarks.problems.base import Problem
from crosstune.errors import RequestError
from crosstune.spec.spec import Spec
from tests.unit.benchmarks import match_objectives as objectives

SCRIPT = """
from crosstune.benchmarks.match.contender import contenders
from crosstune.benchmarks.match.folder import MatchFolder
from crosstune.benchmarks.match.limits import RunLimits
from crosstune.benchmarks.match.match import Match
from crosstune.benchmarks.problems.base import Problem
from crosstune.spec.spec import Spec

SCALE = 3.0

def score(params):
    return SCALE * params["x"]

def play():
    spec = Spec(space={"x": {"type": "float", "low": 0.0, "high": 1.0}})
    both = contenders("optuna:random,crosstune:random")
    match = Match((Problem("p", spec, score),), both, RunLimits(trials=2))
    results = match.run(MatchFolder(FOLDER), 1, jobs=2)
    print([len(run.evaluations) for run in results.runs.values()])

"""


def run(folder: Path, end: str, *, session: bool = False) -> subprocess.CompletedProcess[str]:
    script = SCRIPT.replace("FOLDER", f"__import__('pathlib').Path({str(folder)!r}, 'out')") + end
    (folder / "script.py").write_text(script)
    return subprocess.run(
        [sys.executable, *(["-c", script] if session else ["script.py"])],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.parametrize("session", [True, False])
def test_the_objective_of_a_session_and_of_a_guarded_script_is_sent(
    session: bool, tmp_path: Path
) -> None:
    ran = run(tmp_path, "if __name__ == '__main__':\n    play()\n", session=session)
    assert ran.stdout == "[2, 2]\n", ran.stderr


def test_a_script_without_a_main_guard_is_told_what_to_write(tmp_path: Path) -> None:
    ran = run(tmp_path, "play()\n")
    assert ran.returncode == 1
    last = ran.stderr.splitlines()[-1]
    assert "script.py:" in last
    assert 'if __name__ == "__main__":' in last
    assert "memory" not in ran.stderr
    assert not list((tmp_path / "out").rglob("*.jsonl"))


def test_an_objective_that_no_process_can_be_sent_is_refused(tmp_path: Path) -> None:
    lock = threading.Lock()

    def score(params: dict[str, Any]) -> float:
        with lock:
            return float(params["x"])

    spec = Spec(**objectives.SPEC)
    both = contenders("optuna:random,crosstune:random")
    match = Match((Problem("p", spec, score),), both, RunLimits(trials=2))
    with pytest.raises(RequestError, match="without open files, locks"):
        match.run(MatchFolder(tmp_path), 1, jobs=2)
