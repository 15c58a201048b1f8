"""`crosstune run --resume`, and `--fresh` with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from crosstune.cli.main import main

SPEC = """
objective: objective:value
name: s
backend: hyperopt
trials: {trials}
space:
  x: {{type: float, low: 0, high: 1}}
"""
OBJECTIVE = """
def value(params, trial):
    if trial.number == {stop}:
        raise KeyboardInterrupt
    return params["x"]
"""


def command(
    folder: Path, capsys: pytest.CaptureFixture[str], *options: str
) -> tuple[int, Any, str]:
    """Exit status, the JSON object and what was said."""
    with pytest.raises(SystemExit) as ended:
        main(["run", str(folder / "spec.yaml"), "--json", *options])
    shown = capsys.readouterr()
    return int(ended.value.code or 0), json.loads(shown.out or "null"), shown.err


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "spec.yaml").write_text(SPEC.format(trials=6))
    (tmp_path / "objective.py").write_text(OBJECTIVE.format(stop=3))
    return tmp_path


def test_a_stopped_run_goes_on_with_its_seed_and_fresh_takes_another(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, first, _ = command(folder, capsys)
    assert (status, first["trials"]) == (130, {"complete": 3, "running": 1})
    status, second, said = command(folder, capsys, "--resume", "--seed", "5")
    assert (status, "began with the seed" in said) == (2, True)
    (folder / "objective.py").write_text(OBJECTIVE.format(stop=-1))
    import sys

    sys.modules.pop("objective", None)
    status, second, _ = command(folder, capsys, "--resume")
    assert (status, second["trials"], second["seed"]) == (0, {"complete": 6}, first["seed"])
    status, third, said = command(folder, capsys, "--resume", "--fresh", "--trials", "8")
    assert (status, third["trials"]) == (0, {"complete": 8})


def test_fresh_without_resume_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, _, said = command(folder, capsys, "--fresh")
    assert (status, "give --resume with it" in said) == (2, True)
    assert not (folder / "runs").exists()
