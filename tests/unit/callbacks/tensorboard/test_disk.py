"""A TensorBoard log whose files were lost, torn or could not be written catches up."""

from __future__ import annotations

import errno
import io
import os
import shutil
import signal
from pathlib import Path

import optuna
import pytest
from optuna.study import Study
from optuna.trial import TrialState

from crosstune.callbacks import TensorBoardCallback
from crosstune.callbacks.tensorboard import event_file
from crosstune.callbacks.tensorboard.callback import log
from crosstune.study.storage import open_storage
from tests.support.slow import slow_but_first
from tests.support.tensorboard_studies import (
    assert_holds,
    optimize,
    python,
)


def test_a_log_that_was_deleted_is_written_anew(tmp_path: Path) -> None:
    study = optuna.create_study(study_name="s")
    callback = TensorBoardCallback(tmp_path)
    optimize(study, 5, callback)
    shutil.rmtree(tmp_path / "s")
    optimize(study, 5, callback)
    assert_holds(tmp_path, "s", study)


@pytest.mark.parametrize("lost", slow_but_first([5, 1, 40, 200], 2))
def test_a_torn_record_is_written_again(tmp_path: Path, lost: int) -> None:
    study = optuna.create_study(study_name="s")
    optimize(study, 5)
    log(study, tmp_path)
    for path in tmp_path.rglob("*tfevents*"):
        os.truncate(path, max(0, path.stat().st_size - lost))
    log(study, tmp_path)
    assert_holds(tmp_path, "s", study)


def test_bytes_that_a_crash_left_unwritten_are_written_again(tmp_path: Path) -> None:
    study = optuna.create_study(study_name="s")
    optimize(study, 5)
    log(study, tmp_path)
    for path in tmp_path.rglob("*tfevents*"):
        data = path.read_bytes()
        path.write_bytes(data[:-60] + bytes(60))
    log(study, tmp_path)
    assert_holds(tmp_path, "s", study)


KILLED = """
    import os, signal, sys, time, optuna
    from crosstune.callbacks import TensorBoardCallback
    from crosstune.study.storage import open_storage

    study = optuna.create_study(study_name="s", storage=open_storage(sys.argv[1]))

    def objective(trial):
        x = trial.suggest_float("x", 0, 1)
        for step in range(3):
            trial.report(x, step)
        if trial.number == 3:
            time.sleep(0.5)  # the watching thread looks every 0.05 s
            os.kill(os.getpid(), signal.SIGKILL)
        return x

    study.optimize(objective, callbacks=[TensorBoardCallback(sys.argv[2], study, every=0.05)])
"""


def test_the_log_of_a_killed_process_goes_on(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    assert python(KILLED, tmp_path / "s.journal", logs).returncode == -signal.SIGKILL
    storage = open_storage(tmp_path / "s.journal")
    study = optuna.load_study(study_name="s", storage=storage)
    assert_holds(logs, "s", study)  # the last trial runs, with its reports
    study.tell(3, state=TrialState.FAIL)
    optimize(study, 4, TensorBoardCallback(logs))
    assert_holds(logs, "s", study)


FULL = """
    import resource, sys, optuna
    from crosstune.callbacks import TensorBoardCallback
    from crosstune.study.storage import open_storage

    # What a full disk does, for files of more than 600 bytes.
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(study_name="s")

    def objective(trial):
        x = trial.suggest_float("x", 0, 1)
        for step in range(20):
            trial.report(x, step)
        resource.setrlimit(resource.RLIMIT_FSIZE, (600 if trial.number < 5 else soft, hard))
        return x

    callback = TensorBoardCallback(sys.argv[1], every=1000)
    study.optimize(objective, n_trials=5, callbacks=[callback])
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    from pathlib import Path
    from tests.support.tensorboard_reader import runs
    assert len(runs(Path(sys.argv[1]))) < 5, runs(Path(sys.argv[1]))
    study.optimize(objective, n_trials=5, callbacks=[callback])
    from tests.support.tensorboard_studies import assert_holds
    assert_holds(Path(sys.argv[1]), "s", study)
    print(len(study.trials))
"""


def test_a_study_goes_on_when_the_disk_is_full_and_the_log_catches_up(tmp_path: Path) -> None:
    done = python(FULL, tmp_path)
    assert done.stdout == "10\n", done.stderr
    assert done.stderr.count("the TensorBoard log cannot be written") == 1
    assert "File too large" in done.stderr


def watched_study(log_dir: Path) -> Study:
    """Logged after each report, as by the watching thread, with a step that goes backwards."""
    study = optuna.create_study(study_name="s")
    callback = TensorBoardCallback(log_dir, every=1000)
    for number in range(3):
        trial = study.ask()
        x = trial.suggest_float("x", 0, 1)
        for step in (4, 6, 2):
            trial.report(x + step, step)
            callback.attach(study)
        trial.suggest_categorical(f"late{number}", [1, 2])
        study.tell(trial, x)
        callback(study, study.trials[-1])
    callback.close()
    return study


@pytest.mark.parametrize("share", slow_but_first([0.5, 0.0]))
def test_a_disk_that_is_full_at_any_one_write_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, share: float
) -> None:
    write = event_file._write
    calls = 0

    def full_once(file: io.FileIO, data: bytes) -> None:
        nonlocal calls
        calls += 1
        if calls == fails:
            write(file, data[: int(share * len(data))])
            raise OSError(errno.ENOSPC, "No space left on device")
        write(file, data)

    monkeypatch.setattr(event_file, "_write", full_once)
    for fails in range(1, 100):
        calls = 0
        study = watched_study(tmp_path / str(fails))
        assert_holds(tmp_path / str(fails), "s", study)
        if calls < fails:
            break
    assert fails > 15


def test_a_torn_mark_is_written_again(tmp_path: Path) -> None:
    study = optuna.create_study(study_name="s")
    (tmp_path / "s").mkdir()
    (tmp_path / "s/crosstune.json").write_text('{"study"')
    for _ in range(2):
        optimize(study, 2, TensorBoardCallback(tmp_path))
    assert_holds(tmp_path, "s", study)


@pytest.mark.parametrize("run", ["study", "trial-00002"])
@pytest.mark.parametrize("keep", [0, 30, 200])
def test_a_file_that_became_shorter_under_a_running_log_is_made_up_for(
    tmp_path: Path, run: str, keep: int
) -> None:
    study = optuna.create_study(study_name="s")
    callback = TensorBoardCallback(tmp_path, every=1000)
    optimize(study, 2, callback)
    trial = study.ask({"y": optuna.distributions.FloatDistribution(0, 1)})
    for step in range(10):
        trial.report(1.0, step)
    callback.attach(study)
    (path,) = (tmp_path / "s" / run).iterdir()
    os.truncate(path, keep)
    trial.report(1.0, 10)
    callback.attach(study)
    study.tell(trial, 0.5)
    callback.close()
    assert_holds(tmp_path, "s", study)


def test_a_crash_between_a_new_file_and_the_end_of_the_old_leaves_nothing_twice(
    tmp_path: Path,
) -> None:
    study = optuna.create_study(study_name="s")
    trial = study.ask()
    trial.report(1.0, 5)
    log(study, tmp_path)
    (old,) = (tmp_path / "s/trial-00000").iterdir()
    before = old.read_bytes()
    trial.report(2.0, 3)
    log(study, tmp_path)  # makes the log write its file anew
    assert not old.exists()
    old.write_bytes(before)
    study.tell(trial, 1.0)
    log(study, tmp_path)
    assert_holds(tmp_path, "s", study)
