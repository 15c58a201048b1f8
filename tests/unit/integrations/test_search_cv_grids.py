"""Grids and lists in `SearchCV`: which engine walks them, how many fits at once, no repeats."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from scipy import stats
from sklearn.datasets import load_iris
from sklearn.metrics import get_scorer
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

from crosstune import Float, Int, SearchCV
from crosstune.engines.record_names import RUNS
from crosstune.errors import SpecError
from crosstune.integrations.search_cv.run import SearchRun
from crosstune.integrations.search_cv.translation import translate

X, Y = load_iris(return_X_y=True)
GRID = {"var_smoothing": np.logspace(-9, 1, 40)}
LISTS = {"n_neighbors": [1, 2, 3, 4, 5], "weights": ["uniform", "distance"], "p": [1, 2]}
GRIDS = [
    ("optuna", "grid"),
    ("optuna", "brute-force"),
    ("hyperopt", "grid"),
    ("keras_tuner", "grid"),
    ("crosstune", "grid"),
]


def record(search: Any) -> tuple[str, str]:
    run = search.study_.user_attrs[RUNS][-1]
    return run["backend"], run["sampler"]


def test_a_plain_grid_is_walked_by_our_own(tmp_path: Path) -> None:
    def fit(**more: Any) -> Any:
        return SearchCV(GaussianNB(), GRID, cv=2, **more).fit(X, Y)

    ours, stored = fit(), fit(storage=tmp_path / "s.journal")
    assert record(ours) == record(fit(sampler="grid")) == ("crosstune", "grid")
    assert record(fit(backend="optuna")) == record(stored) == ("optuna", "grid")
    whole = {
        "space": {"var_smoothing": {"type": "choice", "values": [0.1, 1.0]}},
        "sampler": "grid",
    }
    assert record(SearchCV(GaussianNB(), whole, cv=2).fit(X, Y)) == ("optuna", "grid")
    theirs = GridSearchCV(GaussianNB(), GRID, cv=2).fit(X, Y)
    for search in (ours, stored):
        assert search.cv_results_["params"] == theirs.cv_results_["params"]
        assert search.best_params_ == theirs.best_params_


@pytest.mark.parametrize(("backend", "sampler"), GRIDS)
def test_a_grid_is_fitted_in_batches(
    backend: str, sampler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = []
    score = SearchRun._score

    def noted(run: SearchRun, asked: Any) -> None:
        sizes.append(len(asked))
        score(run, asked)

    monkeypatch.setattr(SearchRun, "_score", noted)
    search = SearchCV(GaussianNB(), GRID, cv=2, backend=backend, sampler=sampler).fit(X, Y)
    assert sizes == [32, 8]
    assert search.cv_results_["params"] == [{"var_smoothing": v} for v in GRID["var_smoothing"]]


@pytest.mark.parametrize("name", ["param_distributions", "spec_or_grid", "param_grid"])
def test_random_search_of_lists_draws_each_point_once(name: str) -> None:
    def fit(n_iter: int | None, seed: int = 0, **more: Any) -> Any:
        arguments = {name: LISTS, "sampler": "random", "n_iter": n_iter, "cv": 2, **more}
        return SearchCV(KNeighborsClassifier(), random_state=seed, **arguments).fit(X, Y)

    some = fit(7)
    found = [tuple(params.values()) for params in some.cv_results_["params"]]
    assert len(set(found)) == len(found) == 7
    assert list(some.cv_results_["trial_number"]) == list(range(7))
    assert fit(7).cv_results_["params"] == some.cv_results_["params"]
    assert fit(7, seed=1).cv_results_["params"] != some.cv_results_["params"]
    assert len(fit(99).cv_results_["params"]) == 20
    assert len(fit(None).cv_results_["params"]) == 10
    assert record(fit(3, sampler={"name": "random"})) == ("crosstune", "grid")
    assert record(fit(3, backend="optuna")) == ("optuna", "random")


def test_random_search_of_a_distribution_stays_random_search() -> None:
    space = {"var_smoothing": stats.loguniform(1e-9, 1)}
    search = SearchCV(GaussianNB(), param_distributions=space, sampler="random", n_iter=3, cv=2)
    assert record(search.fit(X, Y)) == ("optuna", "random")


@pytest.mark.parametrize(
    ("given", "same"),
    [
        (FloatDistribution(0.1, 10, log=True), Float(0.1, 10, log=True)),
        (FloatDistribution(0, 1, step=0.25), Float(0, 1, step=0.25)),
        (IntDistribution(1, 9, step=2), Int(1, 9, step=2)),
        (IntDistribution(1, 9, log=True), Int(1, 9, log=True)),
    ],
)
def test_a_distribution_of_optuna_is_a_parameter(given: Any, same: Any) -> None:
    assert translate({"x": given}).space["x"] == same


def test_a_categorical_of_optuna_is_a_list_of_its_choices() -> None:
    space = {"kernel": CategoricalDistribution(["linear", "rbf"]), "C": FloatDistribution(1, 2)}
    for name in ("spec_or_grid", "param_distributions"):
        search = SearchCV(SVC(), **{name: space}, n_trials=3, cv=2).fit(X, Y)
        assert {params["kernel"] for params in search.cv_results_["params"]} <= {"linear", "rbf"}
    only = {"kernel": CategoricalDistribution(["linear", "rbf"])}
    assert translate(only).points == 2
    with pytest.raises(SpecError, match=r"not of FloatDistribution. Distributions stand in"):
        SearchCV(SVC(), param_grid={"C": FloatDistribution(1, 2)}).fit(X, Y)


@pytest.mark.parametrize(
    "arguments",
    [
        {"estimator": "not an estimator"},
        {"estimator": None},
        {"estimator": SVC},
        {"estimator": SVC(), "cv": "five"},
        {"estimator": SVC(), "cv": -1},
        {"estimator": SVC(), "error_score": "invalid"},
        {"estimator": SVC(), "n_jobs": "two"},
        {"estimator": SVC(), "refit": 3},
        {"estimator": SVC(), "scoring": ["accuracy", "f1_macro"], "refit": True},
        {"estimator": SVC(), "scoring": []},
        {"estimator": SVC(), "verbose": "x"},
    ],
)
def test_bad_arguments_are_refused_as_by_grid_search(arguments: dict[str, Any]) -> None:
    errors = []
    for kind in (GridSearchCV, SearchCV):
        given = dict(arguments)
        with pytest.raises((TypeError, ValueError)) as caught:
            kind(given.pop("estimator"), {"C": [1, 2]}, **given).fit(X, Y)
        errors.append((type(caught.value), str(caught.value).replace("GridSearchCV", "SearchCV")))
    assert errors[0] == errors[1]


@pytest.mark.parametrize(
    "more",
    [
        {"refit": lambda results: int(np.argmin(results["mean_fit_time"] * 0))},
        {"scoring": {"a": get_scorer("accuracy"), "f": "f1_macro"}, "refit": "f"},
        {"scoring": ("accuracy", "f1_macro"), "refit": "accuracy", "return_train_score": True},
        {"error_score": 0.25},
        {"error_score": np.nan},
    ],
)
def test_a_list_of_grids_with_failing_fits_gives_what_grid_search_gives(more: Any) -> None:
    grid = [{"C": [1, -1], "kernel": ["linear"]}, {"gamma": [0.1, "scale"]}, {}]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ours = SearchCV(SVC(), grid, cv=2, **more).fit(X, Y)
        theirs = GridSearchCV(SVC(), grid, cv=2, **more).fit(X, Y)
    assert set(ours.cv_results_) - {"trial_number"} == set(theirs.cv_results_)
    for name, column in theirs.cv_results_.items():
        if "time" not in name and not name.startswith("param"):
            np.testing.assert_array_equal(ours.cv_results_[name], column, err_msg=name)
    assert ours.best_params_ == theirs.best_params_
