"""Checkpoints where other threads, processes or machines evaluate the trials."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.storages import InMemoryStorage

import crosstune
from crosstune import checkpoints
from crosstune.errors import RequestError
from crosstune.study.trials import epochs_trained
from tests.support.slow import slow_but_first
from tests.unit.checkpoints import objectives
from tests.unit.checkpoints.reruns import Reruns
from tests.unit.checkpoints.support import SPACE, Memory, content
from tests.unit.parallel.histories import errors, history, states

HYPERBAND: dict[str, Any] = {
    "space": SPACE,
    "seed": 1,
    "name": "net",
    "backend": "keras_tuner",
    "sampler": {"name": "hyperband", "max_epochs": 9},
}
RANDOM = {"space": SPACE, "seed": 1, "name": "net", "sampler": "random"}


@pytest.fixture(autouse=True)
def _marks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(objectives.MARKS, str(tmp_path))


def in_threads(spec: Any, objective: Any, **how: Any) -> optuna.Study:
    with ThreadPoolExecutor(2) as threads:
        return crosstune.tune(spec, objective, executor=threads, workers=2, **how)


@pytest.mark.parametrize(
    ("storage", "lag"), slow_but_first([("net.journal", 7), (None, None), (None, 1)])
)
def test_promoted_trials_go_on_in_threads(storage: str | None, lag: int | None) -> None:
    study = in_threads(HYPERBAND, objectives.promoted, lag=lag, storage=storage)
    assert errors(study) == {}
    assert epochs_trained(study) == 75
    assert Path("net.checkpoints").is_dir() == (storage is not None)


@pytest.mark.slow
def test_promoted_trials_go_on_in_processes() -> None:
    study = crosstune.tune(
        HYPERBAND | {"sampler": {"name": "hyperband", "max_epochs": 3}},
        objectives.promoted,
        workers=2,
        storage="net.journal",
    )
    assert errors(study) == {}
    assert any(crosstune.budget(trial).resume_from is not None for trial in study.trials)  # type: ignore[union-attr]


def test_promoted_trials_go_on_upon_dask() -> None:
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None
    ) as cluster:
        study = crosstune.tune(
            HYPERBAND | {"sampler": {"name": "hyperband", "max_epochs": 3}},
            objectives.promoted,
            executor=cluster.scheduler_address,
            host="127.0.0.1",
        )
    assert errors(study) == {}


def test_a_store_that_is_given_is_used_by_workers() -> None:
    store = Memory()

    def train(params: dict[str, Any], trial: optuna.Trial) -> float:
        checkpoints.save(trial, b"1", step=1, store=store)
        assert content(checkpoints.find(trial, store=store)) == b"1"
        return params["x"]

    assert states(in_threads(RANDOM, train, trials=2)) == {"COMPLETE": 2}
    assert list(store.held.values()) == [b"1", b"1"]


def test_a_storage_that_the_user_opened_has_no_folder_for_workers_either() -> None:
    storage = optuna.storages.RDBStorage("sqlite:///net.db")
    with pytest.raises(RequestError, match="nothing says where the checkpoints"):
        in_threads(RANDOM, objectives.stuck_at_two, trials=2, storage=storage)


def test_a_worker_that_does_not_reach_the_folder_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one on another machine, where the driver's file is not."""

    def train(params: dict[str, Any], trial: optuna.Trial) -> float:
        elsewhere = tmp_path / "net.journal"
        elsewhere.rename(tmp_path / "not.here")
        try:
            checkpoints.save(trial, b"1", step=1)
        finally:
            (tmp_path / "not.here").rename(elsewhere)
        return params["x"]

    with (
        ThreadPoolExecutor(1) as threads,
        pytest.raises(RequestError, match=r"net\.checkpoints.*does not reach.*store="),
    ):
        crosstune.tune(RANDOM, train, trials=1, executor=threads, workers=1, storage="net.journal")


def test_a_study_in_memory_that_is_resumed_has_its_folder() -> None:
    storage = InMemoryStorage()
    found = []

    def train(params: dict[str, Any], trial: optuna.Trial) -> float:
        found.append(checkpoints.find(trial))
        checkpoints.save(trial, b"1", step=1)
        if trial.number == 1 and found[-1] is None:
            raise KeyboardInterrupt
        return params["x"]

    with pytest.raises(KeyboardInterrupt):
        crosstune.tune(RANDOM, train, trials=3, storage=storage)
    study = crosstune.tune(RANDOM, train, trials=3, storage=storage, resume=True)
    assert states(study) == {"COMPLETE": 3}
    assert [each and each.step for each in found] == [None, None, 1, None]


@pytest.mark.parametrize("lag", slow_but_first([2, None]))
def test_a_trial_whose_process_is_killed_goes_on_as_long_as_its_checkpoint_advances(
    lag: int | None,
) -> None:
    study = crosstune.tune(
        RANDOM, objectives.killed_at_each_epoch, trials=4, workers=2, lag=lag, storage="net.journal"
    )
    assert states(study) == {"COMPLETE": 4}
    assert [said for number, said in objectives.marks() if number == 1] == ["0", "1", "2", "3", "4"]
    assert study.trials[1].intermediate_values == {0: 0.0, 1: 1.0, 2: 2.0, 3: 3.0}
    if lag is not None:
        wanted = in_threads(RANDOM, lambda params: params["x"], trials=4, lag=lag)
        assert [t.params for t in study.trials] == [t.params for t in wanted.trials]


@pytest.mark.slow
def test_a_trial_whose_workers_are_killed_goes_on_upon_dask() -> None:
    """Also where Dask has given it up, which it does here at the first worker that is lost."""
    pytest.importorskip("distributed")
    import dask

    with dask.config.set({"distributed.scheduler.allowed-failures": 0}):
        study = crosstune.tune(
            RANDOM, objectives.killed_at_each_epoch, trials=3, executor="local", workers=1
        )
    assert errors(study) == {}
    assert [said for number, said in objectives.marks() if number == 1] == ["0", "1", "2", "3", "4"]


def test_a_trial_whose_process_is_killed_at_the_same_place_has_failed() -> None:
    study = crosstune.tune(RANDOM, objectives.stuck_at_two, trials=3, workers=2)
    assert errors(study) == {1: "its process died: a crash, a kill, or a lack of memory"}
    assert [said for number, said in objectives.marks() if number == 1] == ["0", "2"]


@pytest.mark.parametrize(
    "pruner",
    [
        {"name": "median", "n_startup_trials": 1},
        {"name": "successive-halving", "min_resource": 2},
        {"name": "patient", "wrapped_pruner": None, "patience": 3},
    ],
)
def test_a_retry_has_the_earlier_reports_and_the_pruner_is_asked_of_each(pruner: Any) -> None:
    """So that a pruner that looks back decides as it would have."""

    def run(loses: bool) -> optuna.Study:
        def train(params: dict[str, Any], trial: optuna.Trial) -> float:
            saved = checkpoints.find(trial)
            executor.begin()
            for epoch in range(saved.step if saved else 0, 6):
                trial.report(params["x"] + epoch * (trial.number % 2), epoch)
                if trial.should_prune():
                    raise optuna.TrialPruned
                checkpoints.save(trial, b"", step=epoch + 1)
                if loses and epoch == 2 and saved is None:
                    executor.lose()
            return float(params["x"])

        spec = RANDOM | {"pruner": pruner}
        with Reruns() as executor:
            return crosstune.tune(spec, train, trials=8, executor=executor, workers=1)

    whole, again = run(False), run(True)
    assert history(whole) == history(again)
    assert states(whole)["PRUNED"] > 0
    assert [t.system_attrs for t in whole.trials] == [t.system_attrs for t in again.trials]
