"""`crosstune.trial_values`: what the objective was handed, from any storage."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import optuna
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

import crosstune
from crosstune import Choice, Constant, Float, SearchCV, Space, Spec
from crosstune.errors import SpecError
from crosstune.study.storage import open_storage
from tests.support.slow import slow_but_first

SPACE = Space(
    {
        "kind": Choice([1, True, "1"]),  # Optuna cannot tell two of them apart
        "rate": Float(0.0, 1.0, step=0.1),
        "momentum": Float(0.0, 1.0, when={"kind": 1}),
        "fixed": Constant("adam"),
    }
)


def place(kind: str, folder: Path) -> str:
    return f"sqlite:///{folder}/s.db" if kind == "sqlite" else str(folder / "s.journal")


@pytest.mark.parametrize("kind", ["journal", "sqlite"])
@pytest.mark.parametrize("backend", slow_but_first(["optuna", "hyperopt", "crosstune"]))
def test_they_are_what_the_objective_was_handed(backend: str, kind: str, tmp_path: Path) -> None:
    handed: list[Any] = []

    def objective(params: Any) -> float:
        handed.append(dict(params))
        return float(params["rate"])

    spec = Spec(space=SPACE, seed=1, sampler="random", backend=backend)
    crosstune.tune(spec, objective, trials=6, storage=place(kind, tmp_path))
    storage = open_storage(place(kind, tmp_path))
    study = optuna.load_study(study_name=spec.name, storage=storage)
    for of in (study, spec, SPACE, {"space": SPACE.to_dict()}, dict(SPACE)):
        found = [crosstune.trial_values(trial, of) for trial in study.trials]
        assert [repr(values) for values in found] == [repr(values) for values in handed]


def test_an_objective_of_optuna_asks_for_no_constants_and_has_them_all_the_same() -> None:
    space = Space({"x": Float(0, 1), "c": Constant(3)})
    study = crosstune.create_study(Spec(space=space, seed=0))
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)
    assert crosstune.trial_values(study.best_trial, space) == {**study.best_params, "c": 3}


def test_a_space_of_hyperopt_gives_what_space_eval_gives(tmp_path: Path) -> None:
    pytest.importorskip("hyperopt")
    from hyperopt import hp
    from hyperopt.pyll import scope

    space = {
        "model": hp.choice("model", [SVC, {"units": 2 ** scope.int(hp.quniform("n", 1, 5, 1))}]),
        "seed": 3,
        "pair": (hp.uniform("a", 0, 1), None),
    }
    handed: list[Any] = []

    def objective(params: Any) -> float:
        handed.append(params)
        return float(params["pair"][0])

    for backend in ("hyperopt", "optuna"):
        file, name = tmp_path / "s.journal", backend
        crosstune.tune(space, objective, backend=backend, trials=4, storage=file, study_name=name)
        storage = open_storage(file)
        study = optuna.load_study(study_name=name, storage=storage)
        found = [crosstune.trial_values(trial, space) for trial in study.trials]
        assert found == handed
        handed.clear()


def test_a_search_gives_the_parameters_of_its_estimator() -> None:
    x, y = load_iris(return_X_y=True)
    models = [SVC(C=3), LogisticRegression(max_iter=500)]
    from sklearn.pipeline import Pipeline

    search = SearchCV(Pipeline([("model", SVC())]), {"model": models}, cv=2).fit(x, y)
    for row, number in enumerate(search.cv_results_["trial_number"]):
        values = crosstune.trial_values(search.study_.trials[number], search)
        assert values == search.cv_results_["params"][row]
        assert values["model"] in models


def test_a_trial_of_a_plain_study_has_its_params() -> None:
    study = optuna.create_study()
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)
    assert crosstune.trial_values(study.best_trial, study) == study.best_params
    live = study.ask()
    live.suggest_float("x", 0, 1)
    assert crosstune.trial_values(live, study) == live.params


def test_a_trial_of_another_space_is_refused() -> None:
    trial = optuna.trial.create_trial(
        params={"rate": 7.0},
        distributions={"rate": optuna.distributions.FloatDistribution(0, 9)},
        value=0.0,
    )
    with pytest.raises(SpecError, match="rate"):
        crosstune.trial_values(trial, SPACE)
