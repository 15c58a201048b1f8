"""A Keras Tuner project folder: whose search it holds, and that any moment may be its last."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

import crosstune
from crosstune.adapters.keras_tuner import Oracle
from crosstune.adapters.keras_tuner.library import keras_tuner
from crosstune.engines.record_names import RUNS
from crosstune.errors import RequestError

pytestmark = pytest.mark.filterwarnings("ignore")
BACKENDS = ("hyperopt", "optuna", "crosstune", "keras_tuner")


class Square:
    """What every tuner here evaluates; `ran` lists the points."""

    def __init__(self, *args: Any, **kwargs: Any):
        self.ran: list[dict[str, Any]] = []
        super().__init__(*args, **kwargs)
        self.oracle.verbose = 0  # type: ignore[attr-defined]

    def run_trial(self, trial: Any, *args: Any, **kwargs: Any) -> float:
        hp = trial.hyperparameters
        value = (hp.Float("x", 0, 1) - 0.3) ** 2 + float(hp.Int("n", 1, 4))
        self.ran.append(dict(hp.values))
        return value


class Tuner(Square, crosstune.KerasTuner):
    """On any engine."""


class Plain(Square, keras_tuner.Tuner):  # type: ignore[misc]
    """Keras Tuner's own class, on an oracle of crosstune's."""


class Native(Square, keras_tuner.RandomSearch):  # type: ignore[misc]
    """Keras Tuner's own search."""


def searched(tuner: Any) -> Any:
    tuner.search()
    return tuner


def who(study: optuna.Study) -> list[str]:
    """Who proposed each trial, by the study's record."""
    runs = study.user_attrs[RUNS]
    proposed = []
    for trial in study.trials:
        run = [run for run in runs if run["first_trial"] <= trial.number][-1]
        proposed.append(f"{run['backend']}:{run['sampler']}")
    return proposed


@pytest.mark.parametrize("named", [{}, {"project_name": "p"}], ids=["default folder", "named"])
def test_each_engine_searches_by_itself_in_the_same_folder(
    named: dict[str, str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folders = set()
    for backend in BACKENDS:
        make = {"backend": backend, "max_trials": 4, "seed": 1, "directory": tmp_path, **named}
        caplog.clear()
        tuner = searched(Tuner(**make))
        assert len(tuner.ran) == len(tuner.study.trials) == len(tuner.oracle.trials) == 4
        [engine] = set(who(tuner.study))
        assert engine.startswith(f"{backend}:")
        said = caplog.text.splitlines()
        assert len(said) == (backend != BACKENDS[0])
        assert all("holds a search of hyperopt:tpe" in line and engine in line for line in said)
        folders.add(tuner.project_dir)
        again = searched(Tuner(**{**make, "max_trials": 5}))
        assert len(again.ran) == 1
        assert set(who(again.study)) == {engine}
    assert len(folders) == 4
    project = named.get("project_name", "untitled_project")
    assert str(tmp_path / project) in folders
    assert str(tmp_path / f"{project}-optuna-tpe") in folders


def test_a_folder_that_is_overwritten_is_the_one_that_was_named(tmp_path: Path) -> None:
    searched(Tuner(backend="hyperopt", max_trials=2, directory=tmp_path))
    tuner = searched(Tuner(backend="optuna", max_trials=2, directory=tmp_path, overwrite=True))
    assert tuner.project_name == "untitled_project"
    assert len(tuner.ran) == 2


def test_a_sampler_of_optuna_has_a_folder_of_its_own_too(tmp_path: Path) -> None:
    searched(Tuner(backend="hyperopt", max_trials=2, directory=tmp_path))
    tuner = searched(
        Tuner(sampler=optuna.samplers.CmaEsSampler(), max_trials=3, directory=tmp_path)
    )
    assert len(tuner.ran) == 3
    assert who(tuner.study) == ["optuna:CmaEsSampler"] * 3


def test_a_spec_on_another_engine_has_a_folder_of_its_own(tmp_path: Path) -> None:
    spec = {
        "space": {
            "x": {"type": "float", "low": 0, "high": 1},
            "n": {"type": "int", "low": 1, "high": 4},
        },
        "trials": 3,
        "seed": 1,
    }
    for backend in ("optuna", "hyperopt"):
        tuner = searched(Tuner(spec=spec, backend=backend, directory=tmp_path))
        assert len(tuner.ran) == 3
        assert who(tuner.study) == [f"{backend}:tpe"] * 3
        again = searched(Tuner(spec=spec, backend=backend, directory=tmp_path, max_trials=4))
        first, then = again.study.user_attrs[RUNS]
        assert (first["first_trial"], then["first_trial"]) == (0, 3)
        assert (first["native"], then["native"]) == (True, False)
        assert first["seed"] != then["seed"]


@pytest.mark.parametrize("stored", [False, True], ids=["in memory", "stored"])
def test_an_oracle_in_a_plain_tuner_continues_after_another_engine(
    stored: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    place = {"storage": tmp_path / "s.journal"} if stored else {}

    def tuner(name: str, trials: int) -> Any:
        oracle = Oracle(name, None, max_trials=trials, seed=1, **place)
        return Plain(oracle, directory=tmp_path, project_name="p")

    searched(tuner("hyperopt", 3))
    caplog.clear()
    made = searched(tuner("optuna:random", 5))
    assert len(made.ran) == 2
    assert who(made.oracle.study) == ["hyperopt:tpe"] * 3 + ["optuna:random"] * 2
    assert "3 trials that hyperopt:tpe proposed" in caplog.text
    with pytest.raises(RequestError, match="5 trials that optuna:random proposed") as caught:
        tuner("optuna:cmaes", 5)
    assert "max_trials=5" in str(caught.value)
    assert "project_name" in str(caught.value)


def test_what_keras_tuner_began_is_continued_where_trials_are_left(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    searched(Native(max_trials=3, directory=tmp_path))
    tuner = searched(Tuner(backend="hyperopt", max_trials=5, directory=tmp_path, seed=1))
    assert (len(tuner.ran), len(tuner.study.trials)) == (2, 5)
    [run] = tuner.study.user_attrs[RUNS]
    assert (run["backend"], run["first_trial"], run["native"]) == ("hyperopt", 3, False)
    assert "its first 3 trials" in caplog.text


def test_what_keras_tuner_finished_is_not_taken_for_another_engines(tmp_path: Path) -> None:
    searched(Native(max_trials=3, directory=tmp_path))
    tuner = searched(Tuner(backend="hyperopt", max_trials=3, directory=tmp_path, seed=1))
    assert len(tuner.ran) == 3
    assert who(tuner.study) == ["hyperopt:tpe"] * 3


def test_one_oracle_of_keras_tuners_does_not_read_the_project_of_another(tmp_path: Path) -> None:
    searched(Native(max_trials=3, directory=tmp_path))
    make = {"backend": "keras_tuner", "sampler": "bayesian", "directory": tmp_path, "seed": 1}
    tuner = searched(Tuner(**make, max_trials=5))
    assert who(tuner.study) == ["keras_tuner:bayesian"] * 5


def test_a_project_without_a_record_continues_with_one_notice(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Earlier versions of crosstune kept none in the folder."""
    searched(Tuner(backend="hyperopt", max_trials=3, directory=tmp_path, seed=1))
    file = tmp_path / "untitled_project" / "oracle.json"
    state = json.loads(file.read_text())
    del state["crosstune"]["runs"]
    file.write_text(json.dumps(state))
    caplog.clear()
    tuner = searched(Tuner(backend="hyperopt", max_trials=4, directory=tmp_path, seed=1))
    assert (len(tuner.ran), len(tuner.study.trials)) == (1, 4)
    assert len(caplog.text.splitlines()) == 1
    assert "its first 3 trials" in caplog.text
    caplog.clear()
    searched(Tuner(backend="hyperopt", max_trials=5, directory=tmp_path, seed=1))
    assert caplog.text == ""


def test_the_record_of_a_resumed_search_of_keras_tuner_says_what_ran(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Keras Tuner puts the options and the seed of the first run back."""
    for beta, seed, trials in ((1.0, 1, 5), (50.0, 77, 7)):
        caplog.clear()
        sampler = {"name": "bayesian", "beta": beta, "num_initial_points": 3}
        tuner = searched(
            Tuner(
                backend="keras_tuner",
                sampler=sampler,
                max_trials=trials,
                seed=seed,
                directory=tmp_path,
            )
        )
        run = tuner.study.user_attrs[RUNS][-1]
        assert (tuner.oracle.beta, tuner.oracle.seed) == (run["options"]["beta"], run["seed"])
    assert "beta=1.0, seed=1" in caplog.text
    assert "beta=50.0, seed=77" in caplog.text


def test_a_resumed_sampler_has_a_record_of_its_own_seed(tmp_path: Path) -> None:
    seeds = []
    for trials in (2, 4, 6):
        tuner = searched(Tuner(backend="hyperopt", max_trials=trials, seed=3, directory=tmp_path))
        runs = tuner.study.user_attrs[RUNS]
        assert [run["first_trial"] for run in runs] == list(range(0, trials, 2))
        assert tuner.study.sampler.seed == runs[-1]["seed"]
        seeds.append(runs[-1]["seed"])
    assert len(set(seeds)) == 3


def test_a_seed_leaves_the_scripts_own_random_numbers_alone(tmp_path: Path) -> None:
    random.seed(1)
    before = random.getstate()
    for seed in (0, 1):
        Oracle("hyperopt", None, 3, seed=seed)
        for make in ({}, {"spec": {"space": {"x": {"type": "bool"}}}}, {"backend": "keras_tuner"}):
            Tuner(directory=tmp_path, project_name=f"{seed}{len(make)}", seed=seed, **make)
    assert random.getstate() == before


class Walk(crosstune.KerasTuner):
    """A grid with a condition, which may be interrupted."""

    ends_at = 99

    def run_trial(self, trial: Any, *args: Any, **kwargs: Any) -> float:
        return walked(self, trial)


class NativeWalk(keras_tuner.GridSearch):  # type: ignore[misc]
    """The same by Keras Tuner alone."""

    ends_at = 99

    def run_trial(self, trial: Any, *args: Any, **kwargs: Any) -> float:
        return walked(self, trial)


def walked(tuner: Any, trial: Any) -> float:
    if int(trial.trial_id) == tuner.ends_at:
        raise KeyboardInterrupt
    hp = trial.hyperparameters
    kind = hp.Choice("kind", ["a", "b"])
    with hp.conditional_scope("kind", ["b"]):
        n = hp.Int("n", 1, 3)
    return hp.Int("m", 1, 4) + (n if kind == "b" else 0)


@pytest.mark.parametrize("ends_at", [1, 5, 12])
def test_an_interrupted_grid_walks_on_as_keras_tuners_own_would_have(
    ends_at: int, tmp_path: Path
) -> None:
    whole = NativeWalk(directory=tmp_path, project_name="whole")
    whole.search(verbose=0)
    make: dict[str, Any] = {"backend": "keras_tuner", "sampler": "grid", "directory": tmp_path}
    first = Walk(**make)
    first.ends_at = ends_at
    with pytest.raises(KeyboardInterrupt):
        first.search(verbose=0)
    again = Walk(**make)
    again.search(verbose=0)
    wanted = [trial.hyperparameters.values for trial in whole.oracle.trials.values()]
    got = [again.oracle.trials[name].hyperparameters.values for name in again.oracle.start_order]
    assert got == wanted
    assert len(got) == 16
    assert len(again.study.trials) == 16


class Killed(BaseException):
    """The process ends."""


ORACLES = {
    "optuna": lambda more: Oracle(optuna.samplers.RandomSampler(seed=1), None, 5, **more),
    "hyperopt": lambda more: Oracle("hyperopt:rand", None, 5, seed=1, **more),
    "keras_tuner": lambda more: (
        Tuner(
            backend="keras_tuner", sampler="random", max_trials=5, seed=1, directory="made", **more
        ).oracle
    ),
}


@pytest.mark.parametrize("stored", [False, True], ids=["in memory", "stored"])
@pytest.mark.parametrize("engine", ORACLES)
@pytest.mark.parametrize("written", [False, True], ids=["before a write", "after it"])
def test_a_search_that_is_killed_at_any_write_goes_on(
    written: bool, engine: str, stored: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from keras_tuner.src import utils  # what Keras Tuner itself writes with

    monkeypatch.chdir(tmp_path)
    save = utils.save_json
    left = [0]

    def killed(*args: Any) -> Any:
        left[0] -= 1
        if left[0] == 0 and not written:
            raise Killed
        saved = save(*args)
        if left[0] == 0:
            raise Killed
        return saved

    monkeypatch.setattr(utils, "save_json", killed)
    for at in range(8, 16):  # with the seventh write Keras Tuner has a project to take up
        folder = tmp_path / str(at)
        place = {"storage": folder / "s.journal"} if stored else {}
        folder.mkdir()
        points = []
        for times in (at, 4, 0):
            left[0] = times
            try:
                tuner = None
                tuner = Plain(ORACLES[engine](place), directory=folder)
                searched(tuner)
            except Killed:
                pass
            points += [] if tuner is None else [tuple(point.items()) for point in tuner.ran]
        assert tuner is not None
        kept = tuner.oracle
        assert [trial.status for trial in kept.trials.values()] == ["COMPLETED"] * 5, at
        finished = [t for t in kept.study.trials if t.state == TrialState.COMPLETE]
        assert len(finished) == 5
        assert sorted(t.value for t in finished) == sorted(t.score for t in kept.trials.values())
        assert len(kept.end_order) == len(set(kept.end_order)) == 5
