"""A TensorBoard log after what can go wrong: it holds the study, or says in one line why not."""

from __future__ import annotations

import math
import shutil
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.exceptions import StorageInternalError
from optuna.trial import Trial, TrialState
from tensorboard.compat.proto import event_pb2
from tensorboard.plugins.hparams import api_pb2
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from crosstune.callbacks import TensorBoardCallback
from crosstune.callbacks.tensorboard.callback import log
from crosstune.errors import RequestError
from tests.support.tensorboard_reader import curves, runs, session
from tests.support.tensorboard_studies import (
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
    (said,) = caplog.messages
    why = f"{tmp_path / 'logs'}: File exists"
    assert said.startswith(f"the TensorBoard log cannot be written ({why}). The study continues; ")
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
    trial.report(1.0, 5)
    callback.attach(study)
    other = foreign(tmp_path / "s/more")
    other = other.rename(tmp_path / "s/trial-00000" / other.name)
    (tmp_path / "s/more").rmdir()
    before = other.read_bytes()
    trial.report(1.0, 3)  # makes the log write its file anew
    callback.attach(study)
    study.tell(trial, 1.0)
    log(study, tmp_path)  # and as another process
    assert_holds(tmp_path, "s", study)
    assert other.read_bytes() == before


def test_a_storage_that_fails_for_a_while_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def locked(**_: Any) -> None:
        raise StorageInternalError("the database is locked")

    study = optuna.create_study(study_name="s")
    callback = TensorBoardCallback(tmp_path, every=1000)
    optimize(study, 2, callback)
    with monkeypatch.context() as patch:
        patch.setattr(study, "get_trials", locked)
        callback.attach(study)
    (said,) = caplog.messages
    assert "(StorageInternalError: the database is locked). The study continues; " in said
    optimize(study, 2, callback)
    assert_holds(tmp_path, "s", study)
