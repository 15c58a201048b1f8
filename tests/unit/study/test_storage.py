"""Journals: torn, strange, and on full disks."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import optuna
import pytest

import crosstune
from crosstune import Float, Space
from crosstune.errors import RequestError, RunError
from crosstune.study.storage import open_storage
from tests.support.slow import slow_but_first

SPEC: dict[str, Any] = {"space": Space({"x": Float(0.0, 1.0)}), "seed": 0}


def value(params: dict[str, Any]) -> float:
    return params["x"]  # type: ignore[no-any-return]


@pytest.mark.parametrize("step", slow_but_first([9, 1]))
def test_a_torn_last_line_is_dropped_and_nothing_finished_is_lost(
    step: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    place = tmp_path / "s.journal"
    crosstune.tune(SPEC, value, trials=3, storage=place)
    whole = place.read_bytes()
    for cut in range(1, len(whole.splitlines(keepends=True)[-1]), step):
        place.write_bytes(whole[:-cut])
        study = crosstune.tune(SPEC, value, trials=5, storage=place, resume=True)
        assert sum(trial.state.is_finished() for trial in study.trials) == 5
        optuna.load_study(study_name="study", storage=open_storage(place))
    assert "ended in an unfinished line" in caplog.text


def test_a_file_that_is_no_journal_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("first line\nsecond line\n")
    with pytest.raises(RequestError, match="no journal"):
        open_storage(file)


def test_a_device_is_refused() -> None:
    with pytest.raises(RequestError, match="no regular file"):
        open_storage("/dev/full")


def test_a_full_disk_ends_the_run_with_one_clear_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "s.journal"
    backend = optuna.storages.journal.JournalFileBackend
    append = backend.append_logs
    written = 0

    def full(self: Any, logs: Any) -> None:
        nonlocal written
        written += 1
        if written > 30:
            raise OSError(errno.ENOSPC, "No space left on device")
        append(self, logs)

    monkeypatch.setattr(backend, "append_logs", full)
    with pytest.raises(RunError, match="cannot be written: No space left on device"):
        crosstune.tune(SPEC, value, trials=50, storage=place)
    monkeypatch.undo()
    study = crosstune.tune(SPEC, value, trials=12, storage=place, resume=True)
    assert sum(trial.state.is_finished() for trial in study.trials) == 12
