"""The TensorBoard log by the command line."""

from __future__ import annotations

import json
from pathlib import Path

import optuna

from crosstune.storage import open_storage
from tests.tensorboard_studies import (
    assert_holds,
    crosstune_command,
    optimize,
)


def test_the_command_logs_every_study_of_a_journal(tmp_path: Path) -> None:
    storage = open_storage(tmp_path / "j")
    studies = {}
    for name in ("a", "b"):
        studies[name] = optuna.create_study(study_name=name, storage=storage)
        optimize(studies[name], 6)
    logs = tmp_path / "logs"
    done = crosstune_command("tensorboard", tmp_path / "j", logs, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [
        {"study": name, "trials": 6, "log": str(logs / name)} for name in studies
    ]
    for name, study in studies.items():
        assert_holds(logs, name, study)


def test_the_command_refuses_what_is_not_there(tmp_path: Path) -> None:
    storage = open_storage(tmp_path / "j")
    optuna.create_study(study_name="mine", storage=storage)
    for arguments, message in (
        ((tmp_path / "k", tmp_path / "logs"), "there is no study at"),
        ((tmp_path / "j", tmp_path / "logs", "--study", "mime"), "Did you mean 'mine'?"),
        ((tmp_path / "j", tmp_path / "j"), "cannot be written"),
    ):
        done = crosstune_command("tensorboard", *arguments)
        assert done.returncode == 2
        assert message in done.stderr
        assert len(done.stderr.splitlines()) == 1, done.stderr
