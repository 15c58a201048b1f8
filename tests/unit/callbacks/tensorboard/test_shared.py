"""Threads and processes write one TensorBoard log."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import optuna
import pytest

from crosstune.callbacks import TensorBoardCallback
from crosstune.callbacks.tensorboard import callback as tensorboard
from crosstune.callbacks.tensorboard import directory
from crosstune.callbacks.tensorboard.callback import log
from crosstune.study.storage import open_storage
from tests.support.tensorboard_reader import runs
from tests.support.tensorboard_studies import (
    PLAIN,
    assert_holds,
    optimize,
)


def test_threads_share_a_callback(tmp_path: Path) -> None:
    study = optuna.create_study(study_name="s")
    optimize(study, 40, TensorBoardCallback(tmp_path, every=0.01), jobs=8)
    assert_holds(tmp_path, "s", study, shared=True)


WORKER = """
    import sys, optuna
    from crosstune.callbacks import TensorBoardCallback
    from crosstune.study.storage import open_storage
    from tests.support.tensorboard_studies import optimize

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(
        study_name="s", storage=open_storage(sys.argv[1]), load_if_exists=True
    )
    optimize(study, 15, TensorBoardCallback(sys.argv[2], study, every=0.01))
"""


def test_processes_share_a_log(tmp_path: Path) -> None:
    command = [sys.executable, "-c", textwrap.dedent(WORKER), str(tmp_path / "j"), str(tmp_path)]
    workers = [subprocess.Popen(command, cwd=PLAIN, stderr=subprocess.PIPE) for _ in range(2)]
    for worker in workers:
        _, errors = worker.communicate(timeout=120)
        assert (worker.returncode, errors) == (0, b"")
    storage = open_storage(tmp_path / "j")
    study = optuna.load_study(study_name="s", storage=storage)
    assert len(study.trials) == 30
    assert_holds(tmp_path, "s", study, shared=True)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no such locks")
def test_a_log_waits_while_another_process_writes(tmp_path: Path) -> None:
    study = optuna.create_study(study_name="s")
    optimize(study, 2)
    with directory.alone(tmp_path):  # as another process, since this is another open file
        waiting = threading.Thread(target=log, args=(study, tmp_path), daemon=True)
        waiting.start()
        waiting.join(0.3)
        assert waiting.is_alive()
        assert not runs(tmp_path)
    waiting.join(20)
    assert_holds(tmp_path, "s", study)


def test_a_file_that_another_process_has_written_anew_is_taken_up(tmp_path: Path) -> None:
    study = optuna.create_study(study_name="s")
    first, second = (TensorBoardCallback(tmp_path, every=1000) for _ in range(2))
    trial = study.ask({"x": optuna.distributions.FloatDistribution(0, 1)})
    for step, callback in ((5, first), (3, second), (7, first), (1, first), (9, second)):
        trial.report(step / 10, step)
        callback.attach(study)
    study.tell(trial, 1.0)
    first.close()
    second.close()
    assert_holds(tmp_path, "s", study)
    assert len(list((tmp_path / "s/trial-00000").iterdir())) == 1


def test_a_callback_can_go_to_another_process(tmp_path: Path) -> None:
    study = optuna.create_study(study_name="s")
    callback = pickle.loads(pickle.dumps(TensorBoardCallback(tmp_path, metric="loss")))
    optimize(study, 4, callback)
    assert_holds(tmp_path, "s", study, "loss")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_forked_process_can_go_on_logging(tmp_path: Path) -> None:
    storage = open_storage(tmp_path / "j")
    study = optuna.create_study(study_name="s", storage=storage)
    callback = TensorBoardCallback(tmp_path, study, every=0.01)
    optimize(study, 3, callback)
    callback._lock.acquire()  # as where the thread writes at that moment
    child = os.fork()
    if child == 0:
        signal.alarm(20)  # ends a process that waits for a lock which nobody gives back
        try:
            storage = open_storage(tmp_path / "j")
            again = optuna.load_study(study_name="s", storage=storage)
            optimize(again, 3, callback)
            os._exit(0)
        finally:
            os._exit(1)
    callback._lock.release()
    assert os.waitpid(child, 0)[1] == 0
    callback.close()
    assert_holds(tmp_path, "s", study)


def wait_for_the_end_of(thread: threading.Thread | None) -> None:
    assert thread is not None
    thread.join(20)
    assert not thread.is_alive()


def test_the_watching_ends_after_the_last_trial_and_begins_with_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tensorboard, "IDLE", 0.02)
    study = optuna.create_study(study_name="s")
    callback = TensorBoardCallback(tmp_path, study, every=0.01)
    wait_for_the_end_of(callback._watcher)
    trial = study.ask()
    callback.attach(study)
    watcher = callback._watcher
    assert watcher is not None
    watcher.join(0.2)
    assert watcher.is_alive()
    study.tell(trial, 1.0)
    wait_for_the_end_of(watcher)


def test_the_watching_ends_where_nobody_holds_the_callback(tmp_path: Path) -> None:
    study = optuna.create_study(study_name="s")
    study.ask()
    watcher = TensorBoardCallback(tmp_path, study, every=0.01)._watcher
    wait_for_the_end_of(watcher)
