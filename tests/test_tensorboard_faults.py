"""A TensorBoard log after what can go wrong: it holds the study, or says in one line why not."""

from __future__ import annotations

import errno
import io
import math
import os
import shutil
import signal
from pathlib import Path

import optuna
import pytest
from optuna.study import Study
from optuna.trial import Trial, TrialState
from tensorboard.compat.proto import event_pb2
from tensorboard.plugins.hparams import api_pb2
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from crosstune.callbacks import TensorBoardCallback
from crosstune.callbacks.tensorboard import log
from crosstune.callbacks.tensorboard_log import event_file
from crosstune.errors import RequestError
from crosstune.storage import open_storage
from tests.tensorboard_reader import curves, runs, session
from tests.tensorboard_studies import (
    assert_holds,
    optimize,
    python,
)


def test_steps_that_repeat_or_go_backwards_are_logged_once_in_order(tmp_path: Path) -> None:
    study = optuna.create_study(study_name="s")
    callback = TensorBoardCallback(tmp_path, study, every=1000)
    trial = study.ask({"x": optuna.distributions.FloatDistribution(0, 1)})
    for step in (5, 9, 3, 9, 7, 0):
        trial.report(step / 10, step)
        callback.attach(study)  # as the watching thread does
    study.tell(trial, 1.0)
    callback.close()
    assert_holds(tmp_path, "s", study)
    assert len(list((tmp_path / "s/trial-00000").iterdir())) == 1


def test_a_log_that_was_deleted_is_written_anew(tmp_path: Path) -> None:
    study = optuna.create_study(study_name="s")
    callback = TensorBoardCallback(tmp_path)
    optimize(study, 5, callback)
    shutil.rmtree(tmp_path / "s")
    optimize(study, 5, callback)
    assert_holds(tmp_path, "s", study)


@pytest.mark.parametrize("lost", [1, 5, 40, 200])
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
    from crosstune.storage import open_storage

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
    from crosstune.storage import open_storage

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
    from tests.tensorboard_reader import runs
    assert len(runs(Path(sys.argv[1]))) < 5, runs(Path(sys.argv[1]))
    study.optimize(objective, n_trials=5, callbacks=[callback])
    from tests.tensorboard_studies import assert_holds
    assert_holds(Path(sys.argv[1]), "s", study)
    print(len(study.trials))
"""


def test_a_study_goes_on_when_the_disk_is_full_and_the_log_catches_up(tmp_path: Path) -> None:
    done = python(FULL, tmp_path)
    assert done.stdout == "10\n", done.stderr
    assert done.stderr.count("the TensorBoard log cannot be written") == 1
    assert "File too large" in done.stderr


def test_reports_and_values_that_are_no_finite_number_are_logged(tmp_path: Path) -> None:
    study = optuna.create_study(study_name="s")

    def odd(trial: Trial) -> float:
        trial.suggest_float("x", 0, 1)
        for step, value in enumerate((math.nan, math.inf, -math.inf, 1e300, 1.0)):
            trial.report(value, step)
        return 1e300 if trial.number else math.nan

    study.optimize(odd, n_trials=2, callbacks=[TensorBoardCallback(tmp_path)])
    points = curves(runs(tmp_path)["s/trial-00001"])
    assert repr([value for _, value in points["reports/value"]]) == "[nan, inf, -inf, inf, 1.0]"
    assert points["value"] == [(1, math.inf)]
    assert study.trials[0].state == TrialState.FAIL
    assert session(runs(tmp_path)["s/trial-00000"])[1] == api_pb2.STATUS_FAILURE


def test_names_that_no_file_system_takes_are_cut(tmp_path: Path) -> None:
    names = ["a/b", "../up", "ä" * 300, "ä" * 300 + "!", "_hparams_", ""]
    for name in names:
        study = optuna.create_study(study_name=name)
        study.enqueue_trial({"p" * 5000: 0.5})
        study.optimize(lambda trial: trial.suggest_float("p" * 5000, 0, 1), n_trials=1)
        folder = log(study, tmp_path)
        assert folder is not None
        assert folder.parent == tmp_path
        assert_holds(tmp_path, folder.name, study)
    assert len(list(tmp_path.glob("[!.]*"))) == len(names) + 1


def test_a_directory_that_cannot_be_written_is_refused_before_the_first_trial(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RequestError, match=r"the log directory .*file.* cannot be written"):
        TensorBoardCallback(tmp_path / "file")
    with pytest.raises(RequestError, match="has to be a local one, not s3://here"):
        TensorBoardCallback("s3://here")
    with pytest.raises(RequestError, match=r"without \.\. or a leading _, not '\.\./up'"):
        TensorBoardCallback(tmp_path, name="../up")
    with pytest.raises(RequestError, match="every has to be above 0 seconds, not 0"):
        TensorBoardCallback(tmp_path, every=0)


def test_a_directory_that_becomes_unwritable_loses_no_trial(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    study = optuna.create_study(study_name="s")
    callback = TensorBoardCallback(tmp_path / "logs")
    shutil.rmtree(tmp_path / "logs")
    (tmp_path / "logs").touch()
    optimize(study, 3, callback)
    assert len(study.trials) == 3
    assert caplog.text.count("the TensorBoard log cannot be written") == 1
    (tmp_path / "logs").unlink()
    callback.close()
    assert_holds(tmp_path / "logs", "s", study)


def test_a_missing_library_names_the_extra(tmp_path: Path) -> None:
    done = python(
        """
        import sys
        sys.modules["tensorboard"] = None
        from crosstune.callbacks import TensorBoardCallback
        from crosstune.errors import MissingLibrary
        try:
            TensorBoardCallback(sys.argv[1])
        except MissingLibrary as error:
            print(error)
        """,
        tmp_path,
    )
    assert 'pip install "crosstune[tensorboard]"' in done.stdout, done.stderr


def foreign(folder: Path) -> Path:
    """An event file of another program."""
    writer = EventFileWriter(str(folder))
    writer.add_event(event_pb2.Event(step=1))
    writer.close()
    (path,) = folder.iterdir()
    return path


@pytest.mark.parametrize(
    ("where", "name"),
    [("s/trial-00001", "s-2"), ("s/study", "s-2"), ("s", "s"), (".", "s"), ("_hparams_/0001", "s")],
)
def test_another_programs_event_files_are_left_alone(
    tmp_path: Path, where: str, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    other = foreign(tmp_path / where)
    before = other.read_bytes()
    study = optuna.create_study(study_name="s")
    optimize(study, 3, TensorBoardCallback(tmp_path))
    assert not caplog.records
    assert other.read_bytes() == before
    assert_holds(tmp_path, name, study)


def test_a_file_in_the_place_of_the_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("notes")
    study = optuna.create_study(study_name="s")
    optimize(study, 3, TensorBoardCallback(tmp_path))
    assert (tmp_path / "s").read_text() == "notes"
    assert_holds(tmp_path, "s-2", study)


def test_a_training_function_may_log_more_in_the_run_of_its_trial(tmp_path: Path) -> None:
    study = optuna.create_study(study_name="s")
    callback = TensorBoardCallback(tmp_path, study, every=1000)
    trial = study.ask({"x": optuna.distributions.FloatDistribution(0, 1)})
    for step in (5, 3):  # the second makes the log write its file anew
        trial.report(1.0, step)
        callback.attach(study)
        if step == 5:
            other = foreign(tmp_path / "s/more")
            other = other.rename(tmp_path / "s/trial-00000" / other.name)
    study.tell(trial, 1.0)
    callback.close()
    assert_holds(tmp_path, "s", study)
    assert other.exists()


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


@pytest.mark.parametrize("share", [0.0, 0.5])
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
