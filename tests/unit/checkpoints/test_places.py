"""Where the checkpoints of a study are."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.artifacts import FileSystemArtifactStore
from optuna.trial import TrialState

import crosstune
from crosstune import checkpoints
from crosstune.errors import RequestError
from crosstune.study.trials import epochs_trained
from tests.support.slow import slow_but_first
from tests.unit.checkpoints.support import SPACE, Memory, content, retry


@pytest.mark.parametrize("place", slow_but_first(["runs/net.journal", "sqlite:///net.db"]))
def test_checkpoints_stand_beside_the_file_of_the_study(place: str) -> None:
    def train(params: dict[str, Any], trial: optuna.Trial) -> float:
        checkpoints.save(trial, b"weights", step=1)
        return params["x"]

    crosstune.tune({"space": SPACE}, train, trials=2, storage=place)
    folder = Path("runs/net.checkpoints" if "journal" in place else "net.checkpoints")
    assert len(list(folder.iterdir())) == 2


def test_crosstune_run_keeps_and_continues_them(capsys: pytest.CaptureFixture[str]) -> None:
    from crosstune.cli.main import main

    Path("net.py").write_text(
        "import crosstune\n"
        "from crosstune import checkpoints\n"
        "def train(params, trial):\n"
        "    saved = checkpoints.find(trial)\n"
        "    last = crosstune.budget(trial).epochs\n"
        "    for epoch in range(saved.step if saved else 0, last):\n"
        "        trial.report(params['x'], epoch)\n"
        "        checkpoints.save(trial, b'weights', step=epoch + 1)\n"
        "    return params['x']\n"
    )
    Path("net.yaml").write_text(
        "name: net\nobjective: net:train\nseed: 1\nbackend: keras_tuner\n"
        "sampler: {name: hyperband, max_epochs: 3}\n"
        "space: {x: {type: float, low: 0, high: 1}}\n"
    )
    with pytest.raises(SystemExit) as ended:
        main(["run", "net.yaml"])
    assert ended.value.code in (0, None), capsys.readouterr().err
    (folder,) = Path("runs").glob("*.checkpoints")
    journal = folder.with_suffix(".journal")
    study = optuna.load_study(
        study_name="net",
        storage=optuna.storages.JournalStorage(
            optuna.storages.journal.JournalFileBackend(str(journal))
        ),
    )
    assert len(list(folder.iterdir())) == len(study.trials)
    planned = [crosstune.budget(trial) for trial in study.trials]
    assert epochs_trained(study) == sum(p.epochs - p.initial_epoch for p in planned if p)
    assert content(checkpoints.find(study.best_trial, store=folder)) == b"weights"


def test_the_folder_of_a_study_in_memory_goes_with_it() -> None:
    study = optuna.create_study()
    trial = study.ask()
    checkpoints.save(trial, b"weights", step=1)
    from crosstune.checkpoints import stores

    place = stores.home_of(trial.storage)
    assert place is not None
    folder = place.folder
    assert len(list(folder.iterdir())) == 1
    del study, trial
    gc.collect()
    assert not folder.exists()


@pytest.mark.parametrize("do", slow_but_first([checkpoints.find, checkpoints.remove]))
def test_a_study_whose_place_is_unknown_has_to_be_told_the_store(
    do: Callable[..., Any],
) -> None:
    study = optuna.create_study(storage="sqlite:///own.db")
    with pytest.raises(RequestError, match="nothing says where the checkpoints .* Give store="):
        do(study.ask())
    with pytest.raises(RequestError, match="Give store="):
        checkpoints.save(study.ask(), b"", step=1)
    assert do(study.ask(), store="store") is None


def test_a_finished_trials_checkpoint_is_found_and_removed_with_a_store(
    trial: optuna.Trial,
) -> None:
    store = FileSystemArtifactStore(".")
    checkpoints.save(trial, b"weights", step=1, store=store)
    trial.study.tell(trial, 0.0)
    best = trial.study.best_trial
    with pytest.raises(RequestError, match="such as one that has ended"):
        checkpoints.find(best)
    with pytest.raises(RequestError, match="trial 0 has ended"):
        checkpoints.save(best, b"more", step=2, store=store)
    assert content(checkpoints.find(best, store=store)) == b"weights"
    checkpoints.remove(best, store=store)
    assert not list(Path().iterdir())


def test_a_trial_removes_its_own_checkpoints_alone(trial: optuna.Trial) -> None:
    store = Memory()
    checkpoints.save(trial, b"first", step=1, store=store)
    again = retry(trial)
    checkpoints.save(again, b"second", step=2, store=store)
    checkpoints.remove(again, store=store)
    assert list(store.held.values()) == [b"first"]
    assert content(checkpoints.find(again, store=store)) == b"first"


def test_several_threads_keep_their_checkpoints_apart() -> None:
    def train(params: dict[str, Any], trial: optuna.Trial) -> float:
        for step in range(1, 4):
            checkpoints.save(trial, f"{trial.number} {step}".encode(), step=step)
            assert content(checkpoints.find(trial)) == f"{trial.number} {step}".encode()
        return params["x"]

    study = crosstune.create_study({"space": SPACE, "seed": 0})
    study.optimize(lambda t: train({"x": t.suggest_float("x", 0, 1)}, t), n_trials=12, n_jobs=4)
    assert len(study.get_trials(states=[TrialState.COMPLETE])) == 12


def test_an_objective_can_be_tried_with_a_fixed_trial() -> None:
    trial = optuna.trial.FixedTrial({"x": 0.5})
    trial.suggest_float("x", 0, 1)
    assert checkpoints.find(trial) is None
    assert checkpoints.save(trial, b"weights", step=1)
    assert content(checkpoints.find(trial)) == b"weights"
