"""Processes that die, hang, or cannot be had; runs that are ended; and what is refused."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import optuna
import pytest

import crosstune
from crosstune.errors import ObjectiveError, RequestError, RunError
from tests.support.slow import slow_but_first
from tests.unit.parallel import families, objectives
from tests.unit.parallel.histories import errors, states

ROOT = Path(__file__).parents[3]
SPEC = {"space": objectives.SPACE, "seed": 5, "sampler": "random"}


def test_an_objective_that_kills_its_process_fails_one_trial() -> None:
    study = crosstune.tune(SPEC, objectives.dies_at_three, trials=7, workers=2)
    assert states(study) == {"COMPLETE": 6, "FAIL": 1}
    assert errors(study) == {3: "its process died: a crash, a kill, or a lack of memory"}


def test_a_trial_that_hangs_is_ended() -> None:
    before = time.monotonic()
    study = crosstune.tune(SPEC, objectives.hangs_at_three, trials=7, workers=2, trial_seconds=1.5)
    assert states(study) == {"COMPLETE": 6, "FAIL": 1}
    assert errors(study) == {3: "it took longer than 1.5 s, so its process was ended"}
    assert time.monotonic() - before < 60


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "killpg"), reason="Windows has no process groups")
def test_what_a_trial_leaves_behind_holds_up_no_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CROSSTUNE_TEST_FOLDER", str(tmp_path))
    monkeypatch.setattr("crosstune.system.process_groups.GRACE", 1.0)
    monkeypatch.setattr("crosstune.system.child_processes.ENDING", 1.0)
    study = crosstune.tune(SPEC, objectives.leaves_families, trials=5, workers=2, trial_seconds=4)
    assert errors(study) == {
        1: "its process died: a crash, a kill, or a lack of memory",
        2: "it took longer than 4 s, so its process was ended",
    }
    assert len(list(tmp_path.iterdir())) == 8
    assert families.all_gone(tmp_path)


def test_a_function_of_no_module_goes_to_the_processes_too() -> None:
    power = 2
    study = crosstune.tune(SPEC, lambda params: params["x"] ** power, trials=4, workers=2)
    assert states(study) == {"COMPLETE": 4}


def test_what_cannot_be_sent_is_refused() -> None:
    lock = threading.Lock()

    def objective(params: dict[str, Any]) -> float:
        with lock:
            return float(params["x"])

    with pytest.raises(RequestError, match="cannot be sent to another process"):
        crosstune.tune(SPEC, objective, trials=4, workers=2)


@pytest.mark.parametrize(
    ("objective", "error", "text"),
    slow_but_first(
        [
            (objectives.fails, RunError, "first 3 trials all failed.*ValueError: no such file"),
            (objectives.no_number, ObjectiveError, "returned 'high'"),
        ]
    ),
)
def test_an_objective_that_never_works_ends_the_run(
    objective: Callable[..., Any], error: type[Exception], text: str
) -> None:
    seen = []
    with pytest.raises(error, match=text):
        crosstune.tune(
            SPEC,
            objective,
            trials=40,
            workers=2,
            callbacks=[lambda study, trial: seen.append(study)],
        )
    for study in seen[:1]:
        assert set(states(study)) == {"FAIL"}


def test_an_objective_that_asks_for_more_is_told_so() -> None:
    def objective(trial: optuna.Trial) -> float:
        return trial.suggest_float("y", 0, 1)

    with (
        ThreadPoolExecutor(2) as executor,
        pytest.raises(RequestError, match=r"asks for 'y', and trial [01] has x, k, c"),
    ):
        crosstune.tune(SPEC, objective, trials=4, executor=executor, workers=2)


def test_a_broken_executor_ends_the_run_and_leaves_nothing_running() -> None:
    spawn = multiprocessing.get_context("spawn")
    study = optuna.create_study()
    storage = study._storage  # private; any storage that the test can look into would do
    with (
        ProcessPoolExecutor(2, spawn) as executor,
        pytest.raises(RunError, match="the executor is broken"),
    ):
        crosstune.tune(
            SPEC,
            objectives.dies_at_three,
            trials=20,
            workers=2,
            executor=executor,
            storage=storage,
        )
    left = states(optuna.load_study(study_name="study", storage=storage))
    assert set(left) <= {"COMPLETE", "FAIL"}
    assert left["FAIL"] >= 1


def test_an_executor_that_forks_is_refused() -> None:
    fork = multiprocessing.get_context("fork")
    with (
        ProcessPoolExecutor(1, fork) as executor,
        pytest.raises(RunError, match="the executor forks this process"),
    ):
        crosstune.tune(SPEC, objectives.square, trials=4, workers=1, executor=executor)


@pytest.mark.slow
def test_loky_evaluates_too() -> None:
    loky = pytest.importorskip("loky")
    executor = loky.ProcessPoolExecutor(2)
    try:
        study = crosstune.tune(
            SPEC, objectives.curve, trials=6, workers=2, executor=executor, pruner="median"
        )
    finally:
        executor.shutdown(kill_workers=True)
    assert len(study.trials) == 6
    assert "FAIL" not in states(study)


class _Reruns(Executor):
    """Runs a task again, in another process, when its own dies."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(2)

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        return self._threads.submit(self._run, fn, args)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._threads.shutdown(wait=wait, cancel_futures=cancel_futures)

    def _run(self, fn: Any, args: Any) -> Any:
        while True:
            with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as executor:
                try:
                    return executor.submit(fn, *args).result()
                except BrokenProcessPool:
                    continue


@pytest.mark.slow
def test_a_second_attempt_replaces_the_first(tmp_path: Path) -> None:
    """As a cluster does that loses a worker: the task of trial 2 is simply run again."""
    study = optuna.create_study(study_name="study")
    study.set_user_attr("folder", str(tmp_path))
    with _Reruns() as executor:
        done = crosstune.tune(
            SPEC,
            objectives.dies_once,
            trials=4,
            workers=2,
            executor=executor,
            storage=study._storage,
        )
    assert (tmp_path / "died").exists()
    assert states(done) == {"COMPLETE": 4}
    again = done.trials[2]
    assert [again.intermediate_values[step] for step in range(4)] == [
        pytest.approx(again.params["x"] + step) for step in range(4)
    ]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"workers": 0}, "workers is a whole number from 1 on, not 0"),
        ({"workers": 2, "lag": -1}, "lag is a whole number from 0 on"),
        ({"workers": 4, "lag": 2}, "too few for 4 workers"),
        ({"lag": 3}, "needs the number of trials at a time"),
        ({"trial_seconds": 3.0}, "needs the number of trials at a time"),
        ({"workers": 2, "trial_seconds": 0.0}, "have to be above 0"),
        ({"executor": _Reruns(), "workers": 2, "trial_seconds": 3.0}, "nothing can end a trial"),
        ({"workers": 2, "host": "127.0.0.1"}, "workers on other machines"),
        ({"executor": "tcp://10.1.2.3:8786"}, "--host 10.0.0.5"),
        ({"executor": "tcp://127.0.0.1:1", "host": "10.255.255.1"}, "address of this machine"),
    ],
)
def test_what_does_not_go_together_is_refused(options: dict[str, Any], text: str) -> None:
    with pytest.raises(RequestError, match=text):
        crosstune.tune(SPEC, objectives.square, trials=2, **options)


def test_callbacks_stop_a_run() -> None:
    with ThreadPoolExecutor(2) as executor:
        study = crosstune.tune(
            SPEC,
            objectives.square,
            trials=50,
            executor=executor,
            workers=2,
            callbacks=[optuna.study.MaxTrialsCallback(5, states=None)],
        )
    assert 5 <= len(study.trials) <= 6
    assert set(states(study)) == {"COMPLETE"}


def start_run(folder: Path, *options: str) -> subprocess.Popen[bytes]:
    (folder / "spec.yaml").write_text(
        "objective: tests.unit.parallel.objectives:writes_its_process\n"
        "trials: 8\nseed: 1\nspace: {x: {type: float, low: 0, high: 1}}\n"
    )
    marks = folder / "marks"
    marks.mkdir()
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        "CROSSTUNE_TEST_FOLDER": str(marks),
    }
    command = [sys.executable, "-m", "crosstune", "run", "spec.yaml", "--storage", "j.journal"]
    process = subprocess.Popen(
        [*command, *options], cwd=folder, env=environment, stderr=subprocess.PIPE
    )
    until = time.monotonic() + 60
    while len(list(marks.iterdir())) < 8:  # two families of four processes
        assert time.monotonic() < until
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    return process


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="Windows has no process groups")
@pytest.mark.parametrize("how", slow_but_first([signal.SIGINT, signal.SIGKILL, signal.SIGTERM]))
def test_no_worker_outlives_its_driver(tmp_path: Path, how: signal.Signals) -> None:
    process = start_run(tmp_path, "--workers", "2")
    process.send_signal(how)
    _, said = process.communicate(timeout=60)
    assert families.all_gone(tmp_path / "marks")
    if how == signal.SIGINT:
        assert process.returncode == 130, said
        study = optuna.load_study(
            study_name="spec",
            storage=optuna.storages.JournalStorage(
                optuna.storages.journal.JournalFileBackend(str(tmp_path / "j.journal"))
            ),
        )
        assert states(study) == {"FAIL": 2}
        assert set(errors(study).values()) == {"interrupted"}


@pytest.mark.slow
def test_fifty_killed_processes_cost_fifty_trials_at_most() -> None:
    kills = 0
    over = threading.Event()
    chance = random.Random(0)

    def kill() -> None:
        nonlocal kills
        while kills < 50 and not over.wait(chance.uniform(0.2, 2.0)):
            spawned = [
                child
                for child in multiprocessing.active_children()
                if child.name.startswith("SpawnProcess")
            ]
            if spawned:
                os.kill(chance.choice(spawned).pid or 0, signal.SIGKILL)
                kills += 1

    study = optuna.create_study(study_name="study")
    crosstune.tune(SPEC, objectives.slow_curve, trials=2, workers=2, storage=study._storage)
    killer = threading.Thread(target=kill)
    killer.start()
    try:
        done = 2
        while kills < 50:
            done += 25
            crosstune.tune(
                SPEC,
                objectives.slow_curve,
                trials=done,
                workers=4,
                storage=study._storage,
                resume=True,
            )
    finally:
        over.set()
        killer.join()
    left = states(study)
    print(f"{kills} kills: {dict(left)}")
    assert len(study.trials) == done
    assert set(left) == {"COMPLETE", "FAIL"}
    assert left["FAIL"] <= kills == 50
