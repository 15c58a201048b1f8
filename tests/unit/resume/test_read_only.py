"""Folders that cannot be written, or cannot be any more."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import optuna
import pytest

from crosstune.errors import RequestError, RunError
from crosstune.study.sidecar_paths import beside
from crosstune.study.storage import open_storage
from tests.unit.resume.support import DIRECT, objective, rows, run, snapshot_often

SPEC = {"space": DIRECT, "backend": "hyperopt", "name": "a study", "trials": 8, "seed": 1}


@pytest.fixture
def lock() -> Iterator[Callable[[Path], None]]:
    """Makes a folder read-only, for root too where the file system has such a mark."""
    locked: list[Path] = []

    def make(folder: Path) -> None:
        locked.append(folder)
        folder.chmod(0o500)
        if os.access(folder, os.W_OK) and shutil.which("chattr"):
            subprocess.run(["chattr", "+i", str(folder)], capture_output=True, check=False)
        try:
            (folder / "probe").touch()
        except OSError:
            return
        pytest.skip("nothing here makes a folder read-only for this user")

    yield make
    for folder in locked:
        unlock(folder)


def unlock(folder: Path) -> None:
    if shutil.which("chattr"):
        subprocess.run(["chattr", "-i", str(folder)], capture_output=True, check=False)
    folder.chmod(0o700)


@pytest.fixture
def whole(tmp_path: Path) -> list[Any]:
    return rows(run(tmp_path / "whole.journal", SPEC))


def no_snapshot(messages: list[str]) -> list[str]:
    return [line for line in messages if "no snapshot of the study can be kept" in line]


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES])
def test_no_room_for_snapshots_is_said_once_and_the_run_goes_on(
    number: int, whole: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    snapshot_often(monkeypatch)
    opened, tried = os.open, []

    def refusing(path: Any, *given: Any, **named: Any) -> int:
        if ".snapshot" in str(path):
            tried.append(path)
            raise OSError(number, os.strerror(number), str(path))
        return opened(path, *given, **named)

    monkeypatch.setattr("os.open", refusing)
    place = tmp_path / "s.journal"
    run(place, {**SPEC, "trials": 5})
    assert rows(run(place, SPEC, resume=True)) == whole
    assert len(tried) > 4
    said = no_snapshot(caplog.messages)
    assert len(said) == 2  # once a run
    assert os.strerror(number) in said[0]
    assert not beside(place, "a study", ".snapshot").exists()


def test_a_read_only_home_is_said_once_and_the_run_goes_on(
    whole: list[Any], tmp_path: Path, state: Path, lock: Callable[[Path], None],
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    snapshot_often(monkeypatch)
    lock(state)
    assert rows(run(tmp_path / "s.journal", SPEC)) == whole
    assert len(no_snapshot(caplog.messages)) == 1


def test_a_folder_that_becomes_read_only_ends_the_run_and_loses_nothing(
    whole: list[Any], tmp_path: Path, lock: Callable[[Path], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    snapshot_often(monkeypatch)
    folder = tmp_path / "folder"
    folder.mkdir()

    def locking(params: dict[str, Any], trial: optuna.Trial) -> float:
        value = objective(params, trial)
        if trial.number == 4:
            lock(folder)
        return value

    with pytest.raises(RunError, match="the study cannot be written: .*What is finished is kept"):
        run(folder / "s.journal", SPEC, function=locking)
    unlock(folder)
    kept = optuna.load_study(study_name="a study", storage=open_storage(folder / "s.journal"))
    assert rows(kept)[:4] == whole[:4]
    assert rows(run(folder / "s.journal", SPEC, resume=True)) == whole


@pytest.mark.parametrize("there", [False, True])
def test_a_study_in_a_read_only_folder_is_refused(
    there: bool, tmp_path: Path, lock: Callable[[Path], None]
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    if there:
        run(folder / "s.journal", {**SPEC, "trials": 3})
    lock(folder)
    with pytest.raises(RequestError, match=r"s\.journal.* cannot be written: "):
        run(folder / "s.journal", SPEC, resume=True)


def test_an_objective_that_may_not_write_fails_and_is_not_taken_for_the_study(
    tmp_path: Path,
) -> None:
    def refused(params: dict[str, Any], trial: optuna.Trial) -> float:
        raise PermissionError(errno.EACCES, "Permission denied", str(tmp_path / "s.journal"))

    with pytest.raises(RunError, match="the first 3 trials all failed, the last with Permission"):
        run(tmp_path / "s.journal", SPEC, function=refused)
