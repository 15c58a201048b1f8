"""The record of a study says what ran, whichever way the search was begun."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.pruners import BasePruner, MedianPruner, SuccessiveHalvingPruner
from rich.console import Console
from sklearn.linear_model import Ridge

import crosstune
from crosstune import Float, Space, Spec, pruners
from crosstune.adapters.optuna.takeover import _Takeover
from crosstune.adapters.optuna.takeover_schedule import ScheduledStudies
from crosstune.benchmarks.match.contender import contender
from crosstune.benchmarks.match.limits import RunLimits
from crosstune.benchmarks.match.run import MatchTask, task_study
from crosstune.benchmarks.problems.base import Problem
from crosstune.callbacks import KerasTunerPruningCallback
from crosstune.cli.run import run_spec
from crosstune.engines.record_names import RUNS
from crosstune.errors import RequestError
from crosstune.samplers import HyperoptSampler
from crosstune.study.storage import open_storage
from crosstune.takeover.choice import ScriptEngine
from crosstune.tuning.front import settle
from crosstune.tuning.request import StudyRequest
from tests.unit.resume.support import Killed

SPACE = Space({"alpha": Float(0.0, 1.0)})
MEDIAN = {"name": "median", "options": {"n_startup_trials": 2}}
NAMED = {"name": "median", "n_startup_trials": 2}
BUDGET = {"trials": 3, "seconds": None}
X, Y = np.arange(6.0).reshape(-1, 1), np.arange(6.0)


class Mine(BasePruner):
    """A pruner of the user's own; it counts, as one that remembers does."""

    def __init__(self, after: int = 3):
        self.after = after
        self.asked = 0

    def prune(self, study: optuna.Study, trial: optuna.trial.FrozenTrial) -> bool:
        self.asked += 1
        return self.asked % self.after == 0


def spec_of(**more: Any) -> Spec:
    return Spec(**{"space": SPACE, "name": "s", "seed": 5, "trials": 3, **more})


def cost(params: dict[str, Any], trial: optuna.Trial) -> float:
    trial.report(params["alpha"], 0)
    if trial.should_prune():
        raise optuna.TrialPruned
    return float(params["alpha"])


def median() -> MedianPruner:
    return MedianPruner(n_startup_trials=2)


class Scored(crosstune.KerasTuner):
    """Trains nothing."""

    def run_trial(self, trial: Any, *args: Any, **kwargs: Any) -> float:
        return float(trial.hyperparameters.Float("alpha", 0.0, 1.0))


def tuned(folder: Path) -> optuna.Study:
    return crosstune.tune(spec_of(pruner="hyperband"), cost, pruner=NAMED)


def commanded(folder: Path) -> optuna.Study:
    (folder / f"cost_{folder.name}.py").write_text("def cost(params): return params['alpha']\n")
    (folder / "s.yaml").write_text(
        f"objective: cost_{folder.name}:cost\nspace:\n  alpha: {{type: float, low: 0, high: 1}}\n"
        "pruner: {name: median, n_startup_trials: 2}\n"
    )
    request = StudyRequest(
        spec=folder / "s.yaml", storage=str(folder / "s.journal"), seed=5, trials=3
    )
    run_spec(request, Console(quiet=True))
    return optuna.load_study(study_name="s", storage=open_storage(folder / "s.journal"))


def cross_validated(folder: Path) -> optuna.Study:
    search = crosstune.SearchCV(Ridge(), spec_of(), pruner=median(), cv=2).fit(X, Y)
    return search.study_  # type: ignore[no-any-return]


def keras_of_a_spec(folder: Path) -> optuna.Study:
    tuner = Scored(
        lambda hp: None, spec_of(pruner="hyperband"), pruner=median(), directory=folder
    )  # fmt: skip
    tuner.search(verbose=0)
    return tuner.study


def keras(backend: str) -> Callable[[Path], optuna.Study]:
    def searched(folder: Path) -> optuna.Study:
        tuner = Scored(
            lambda hp: None, backend=backend, sampler="random", pruner=median(), seed=5,
            max_trials=3, objective="loss", directory=folder,
        )  # fmt: skip
        tuner.search(verbose=0)
        return tuner.study

    return searched


def matched(folder: Path) -> optuna.Study:
    problem = Problem("p", spec_of(), cost)
    chosen = contender({"backend": "hyperopt", "sampler": "tpe", "pruner": NAMED})
    task = MatchTask(problem, chosen, 5, RunLimits(trials=3), folder / "0005.jsonl")
    return task_study(task)


ENTRIES: dict[str, Callable[[Path], optuna.Study]] = {
    "tune": tuned,
    "crosstune run": commanded,
    "SearchCV": cross_validated,
    "KerasTuner with a spec": keras_of_a_spec,
    "KerasTuner": keras("hyperopt"),
    "KerasTuner with a sampler of Optuna": keras("optuna"),
    "KerasTuner with an oracle of Keras Tuner": keras("keras_tuner"),
    "compare": matched,
}


@pytest.mark.parametrize("entry", ENTRIES)
def test_every_entry_point_records_pruner_budget_and_seed(entry: str, tmp_path: Path) -> None:
    (record,) = ENTRIES[entry](tmp_path).user_attrs[RUNS]
    assert (record["pruner"], record["budget"]) == (MEDIAN, BUDGET)
    assert entry == "compare" or record["seed"] == 5


def test_a_worker_records_its_pruner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a database that only this process uses."""
    from crosstune.worker import loop

    class WorkerTurns:
        def __init__(self, *_: Any, **__: Any) -> None:
            self.take = nullcontext
            self.is_alive = lambda: True

    def database(url: str, heartbeat: int) -> Any:
        return optuna.storages.RDBStorage(url, heartbeat_interval=heartbeat)

    monkeypatch.setattr(loop, "check_is_shared", lambda url: None)
    monkeypatch.setattr(loop, "WorkerTurns", WorkerTurns)
    monkeypatch.setattr(loop, "open_database", database)
    spec, url = spec_of(), f"sqlite:///{tmp_path}/s.db"

    def worker(pruner: Any) -> loop.Worker:
        request = StudyRequest(spec=spec, objective=cost, pruner=pruner, trials=3, storage=url)
        return loop.Worker(settle(request))

    first = worker(median())
    first.run()
    (record,) = first.study.user_attrs[RUNS]
    assert (record["pruner"], record["budget"], record["seed"]) == (MEDIAN, BUDGET, 5)
    second = worker(None)
    assert isinstance(second.study.pruner, MedianPruner)
    assert second.study.user_attrs[RUNS] == [record]
    worker("hyperband")
    assert first.study.user_attrs[RUNS][1]["pruner"] == {"name": "hyperband", "options": {}}


def test_a_sampler_in_a_study_of_the_users_own_records_the_pruner() -> None:
    study = optuna.create_study(sampler=HyperoptSampler(seed=5), pruner=median())
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=2)
    (record,) = study.user_attrs[RUNS]
    assert (record["pruner"], record["seed"]) == (MEDIAN, 5)


def test_a_pruner_that_the_user_sets_before_the_first_trial_is_recorded() -> None:
    study = crosstune.create_study(spec_of(), backend="hyperopt")
    study.pruner = median()
    study.optimize(lambda trial: trial.suggest_float("alpha", 0, 1), n_trials=2)
    (record,) = study.user_attrs[RUNS]
    assert record["pruner"] == MEDIAN


def test_exec_records_the_pruner_of_the_script() -> None:
    study = optuna.create_study(pruner=median())

    def make() -> ScriptEngine:
        return ScriptEngine("hyperopt", seed=5, trials=3)

    takeover = _Takeover(make, ScheduledStudies(make, lambda study: False))
    takeover._leave_record(study, seed=5, replaced="TPESampler")
    (record,) = study.user_attrs[RUNS]
    assert (record["pruner"], record["budget"], record["seed"]) == (MEDIAN, BUDGET, 5)


def test_the_callback_for_a_plain_keras_tuner_records_its_pruner(tmp_path: Path) -> None:
    from crosstune.adapters.keras_tuner.inside import Oracle
    from crosstune.adapters.keras_tuner.library import keras_tuner

    oracle = Oracle("hyperopt:rand", objective="loss", seed=5)
    tuner = keras_tuner.Tuner(oracle, lambda hp: None, directory=tmp_path)
    KerasTunerPruningCallback(tuner, pruner=median())
    (record,) = oracle.study.user_attrs[RUNS]
    assert record["pruner"] == MEDIAN


# A pruner as the record has it.


@pytest.mark.parametrize("name", pruners.NAMES)
def test_every_pruner_is_made_again_from_its_record(name: str) -> None:
    from crosstune.engines.pruner_record import described

    options: dict[str, dict[str, Any]] = {
        "curve": {"level": 0.2},
        "median": {"n_startup_trials": 2, "interval_steps": 3},
        "percentile": {"percentile": 40.0},
        "successive-halving": {"min_resource": 4},
        "hyperband": {"max_resource": 9, "reduction_factor": 2},
        "threshold": {"lower": -1.0},
        "patient": {"patience": 2, "wrapped_pruner": {"name": "median", "n_startup_trials": 2}},
        "wilcoxon": {"p_threshold": 0.3},
    }
    made = pruners.create(name, options.get(name))
    record = described(made)
    again = pruners.rebuilt(record)
    assert type(again) is type(made)
    assert described(again) == record
    assert name == "none" or record is not None
    assert name in ("none", "percentile", "threshold", "patient") or described(
        pruners.create(name)
    ) == {"name": name, "options": {}}


# Resuming with what the record has.


class Dying(Ridge):  # type: ignore[misc]
    """Its process is killed in a fit, where a test says in which."""

    left = math.inf

    def fit(self, *args: Any, **more: Any) -> Any:
        Dying.left -= 1
        if Dying.left < 0:
            raise Killed
        return super().fit(*args, **more)


def search(place: Path, pruner: Any, *, trials: int = 5, resume: bool = True) -> Any:
    return crosstune.SearchCV(
        Dying(), spec_of(trials=trials), cv=2, pruner=pruner, storage=place, resume=resume
    ).fit(X, Y)


def stopped(place: Path, pruner: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A search by cross-validation that is killed in its fourth candidate."""
    with monkeypatch.context() as patched:
        patched.setattr(Dying, "left", 6)
        with pytest.raises(Killed):
            search(place, pruner, trials=8, resume=False)


def scored(params: dict[str, Any], trial: optuna.Trial) -> float:
    return -float(params["alpha"])


def test_a_resume_takes_up_the_pruner_of_the_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stopped(tmp_path / "s.journal", SuccessiveHalvingPruner(min_resource=2), monkeypatch)
    spec = spec_of(trials=5, metric={"name": "score", "direction": "maximize"})
    study = crosstune.tune(spec, scored, storage=tmp_path / "s.journal", resume=True)
    assert isinstance(study.pruner, SuccessiveHalvingPruner)
    assert "pruner" in caplog.text


def test_a_resume_asks_for_a_pruner_that_cannot_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "s.journal"
    stopped(place, Mine(5), monkeypatch)
    (record,) = optuna.load_study(study_name="s", storage=open_storage(place)).user_attrs[RUNS]
    assert record["pruner"] == {"class": f"{__name__}.Mine", "parameters": {"after": 5}}
    spec = spec_of(trials=5, metric={"name": "score", "direction": "maximize"})
    with pytest.raises(RequestError, match=r"Mine.*cannot be made from .*record.*pruner="):
        crosstune.tune(spec, scored, storage=place, resume=True)
    with pytest.raises(RequestError, match=r"began with the pruner .*'after': 5"):
        search(place, Mine(6))
    assert len(search(place, Mine(5)).study_.trials) == 5


def test_a_record_without_a_budget_is_continued(tmp_path: Path) -> None:
    place = tmp_path / "s.journal"
    crosstune.tune(spec_of(), cost, storage=place)
    study = optuna.load_study(study_name="s", storage=open_storage(place))
    (record,) = study.user_attrs[RUNS]
    del record["budget"]
    study.set_user_attr(RUNS, [record])
    again = crosstune.tune(spec_of(), cost, trials=5, storage=place, resume=True)
    assert again.user_attrs[RUNS][-1]["budget"] == {"trials": 5, "seconds": None}
    assert len(again.user_attrs[RUNS]) == 1
