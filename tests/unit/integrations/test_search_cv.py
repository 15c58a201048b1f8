"""`SearchCV` against `GridSearchCV`, on every engine."""

from __future__ import annotations

import pickle
import warnings
from typing import Any

import numpy as np
import optuna
import pandas as pd
import pytest
from optuna.trial import TrialState
from scipy import stats
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC
from sklearn.utils.estimator_checks import check_estimator

from crosstune import Float, SearchCV, Space
from crosstune.errors import RequestError, SpecError, Unsupported
from tests.support.slow import slow_but_first

X, Y = load_iris(return_X_y=True)
GROUPS = np.arange(len(X)) % 5
ENGINES = ("optuna", "hyperopt", "keras_tuner")
engines = pytest.mark.parametrize("backend", slow_but_first(ENGINES))
DRAWN = {"C": stats.loguniform(1e-2, 1e2), "gamma": stats.gamma(2, scale=0.1)}


class Fragile(SVC):
    """Raises above C = 5."""

    def fit(self, x: Any, y: Any) -> Fragile:
        if self.C > 5:
            raise RuntimeError("C is too large")
        return super().fit(x, y)


def assert_same(ours: Any, theirs: Any) -> None:
    """All but the times is equal; the trial numbers are beside."""
    assert set(ours.cv_results_) == {*theirs.cv_results_, "trial_number"}
    assert repr(ours.cv_results_["params"]) == repr(theirs.cv_results_["params"])
    for key, column in theirs.cv_results_.items():
        if key.startswith("param_"):
            assert repr(ours.cv_results_[key]) == repr(column)
        elif "time" not in key and key != "params":
            np.testing.assert_array_equal(ours.cv_results_[key], column, err_msg=key)
    assert ours.best_index_ == theirs.best_index_
    assert repr(ours.best_params_) == repr(theirs.best_params_)
    assert ours.n_splits_ == theirs.n_splits_


@engines
def test_a_grid_gives_what_grid_search_gives(backend: str) -> None:
    grid = {"C": np.logspace(-1, 1, 3), "kernel": ["linear", "rbf"]}
    ours = SearchCV(SVC(), grid, backend=backend, return_train_score=True).fit(X, Y)
    assert_same(ours, GridSearchCV(SVC(), grid, return_train_score=True).fit(X, Y))
    assert ours.best_score_ == ours.study_.best_value
    np.testing.assert_array_equal(ours.predict(X), ours.best_estimator_.predict(X))


@engines
def test_a_list_of_grids_is_searched_branch_by_branch(backend: str) -> None:
    grid = [{"C": [1, 10], "kernel": ["linear"]}, {"C": [1, 5], "gamma": [0.1, 1.0]}, {}]
    ours = SearchCV(SVC(), param_grid=grid, backend=backend).fit(X, Y)
    assert_same(ours, GridSearchCV(SVC(), grid).fit(X, Y))


def test_values_may_be_any_objects() -> None:
    pipe = Pipeline([("scale", StandardScaler()), ("model", SVC())])
    grid = {
        "scale": [StandardScaler(), MinMaxScaler(), "passthrough", None],
        "model": [SVC(), LogisticRegression(max_iter=500)],
        "model__class_weight": [None, {0: 1.0, 1: 2.0, 2: 1.0}],
    }
    ours = SearchCV(pipe, grid, cv=2).fit(X, Y)
    assert_same(ours, GridSearchCV(pipe, grid, cv=2).fit(X, Y))
    assert ours.study_.trials[0].params["model"] in ("SVC()", "LogisticRegression(max_iter=500)")


@pytest.mark.parametrize(
    "more",
    [
        {"scoring": ["accuracy", "f1_macro"], "refit": "f1_macro"},
        {"scoring": {"a": "accuracy"}, "refit": False},
        {"scoring": lambda e, x, y: {"a": e.score(x, y), "b": 0.0}, "refit": lambda _: 1},
        {"cv": KFold(3, shuffle=True, random_state=1)},
    ],
)
def test_options_of_grid_search_keep_their_meaning(more: dict[str, Any]) -> None:
    grid = {"C": [0.01, 1, 10]}
    theirs = GridSearchCV(SVC(), grid, **more).fit(X, Y)
    if not more.get("refit", True):
        ours = SearchCV(SVC(), grid, **more).fit(X, Y)
        assert set(ours.cv_results_) == {*theirs.cv_results_, "trial_number"}
        assert not hasattr(ours, "predict")
    else:
        assert_same(SearchCV(SVC(), grid, **more).fit(X, Y), theirs)


def test_groups_and_weights_reach_splitter_and_fit() -> None:
    grid = {"C": [0.01, 1, 10]}
    weights = np.random.default_rng(0).random(len(X))
    given = {"groups": GROUPS, "sample_weight": weights}
    ours = SearchCV(SVC(), grid, cv=GroupKFold(3)).fit(X, Y, **given)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert_same(ours, GridSearchCV(SVC(), grid, cv=GroupKFold(3)).fit(X, Y, **given))


@engines
def test_a_pruned_candidate_ranks_last_with_its_first_folds(backend: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        search = SearchCV(
            SVC(), DRAWN, backend=backend, seed=3, n_iter=12, pruner=_GiveUp(), scoring="accuracy"
        ).fit(X, Y)
    states = [trial.state for trial in search.study_.trials]
    assert [i for i, state in enumerate(states) if state == TrialState.PRUNED] == [2, 5, 8, 11]
    results = search.cv_results_
    assert np.isnan(results["mean_test_score"][[2, 5, 8, 11]]).all()
    assert len(set(results["rank_test_score"][[2, 5, 8, 11]])) == 1
    assert results["rank_test_score"].max() == results["rank_test_score"][2]
    assert search.study_.trials[2].intermediate_values == {
        0: results["split0_test_score"][2],
        1: results["split1_test_score"][2],
    }
    assert np.isnan(results["split2_test_score"][2])
    assert search.n_splits_ == 5
    whole = cross_val_score(SVC(**results["params"][0]), X, Y)
    np.testing.assert_allclose([results[f"split{i}_test_score"][0] for i in range(5)], whole)


class _GiveUp(optuna.pruners.BasePruner):
    """Prunes every third trial after two folds."""

    def prune(self, study: optuna.Study, trial: optuna.trial.FrozenTrial) -> bool:
        return trial.number % 3 == 2 and trial.last_step == 1


@engines
@pytest.mark.parametrize("sampler", [None, "random"])
def test_several_jobs_take_the_same_candidates(backend: str, sampler: str | None) -> None:
    def fit(jobs: int) -> Any:
        search = SearchCV(
            SVC(), DRAWN, backend=backend, sampler=sampler, n_trials=5, random_state=1, n_jobs=jobs
        )
        return search.fit(X, Y)

    one, two = fit(1), fit(2)
    assert one.cv_results_["params"] == two.cv_results_["params"]
    np.testing.assert_array_equal(
        one.cv_results_["mean_test_score"], two.cv_results_["mean_test_score"]
    )


@pytest.mark.parametrize("sampler", ["grid", "bayesian"])
@pytest.mark.parametrize("pruner", [None, "median"])
def test_a_fit_that_raises_fails_its_trial_and_ranks_last(sampler: str, pruner: str | None) -> None:
    grid = {"C": [1, 2, 7, 8]}
    search = SearchCV(Fragile(), grid, sampler=sampler, n_trials=8, pruner=pruner, seed=0)
    with pytest.warns(match="fits failed"):
        search.fit(X, Y)
    for row, number in enumerate(search.cv_results_["trial_number"]):
        failed = search.cv_results_["params"][row]["C"] > 5
        trial = search.study_.trials[number]
        assert (trial.state == TrialState.FAIL) is failed
        assert np.isnan(search.cv_results_["mean_test_score"][row]) == failed
    assert search.best_params_ == {"C": 2}


def test_error_score_means_what_it_means_in_grid_search() -> None:
    grid = {"C": [1, 2, 7]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for sampler in ("grid", "bayesian"):
            search = SearchCV(Fragile(), grid, error_score=0, sampler=sampler, n_iter=4, seed=1)
            results = search.fit(X, Y).cv_results_
            held = dict(zip(results["param_C"], results["mean_test_score"], strict=True))
            assert held[7] == 0
            assert all(trial.state == TrialState.COMPLETE for trial in search.study_.trials)
        with pytest.raises(ValueError, match="fits failed"):
            SearchCV(Fragile(), {"C": [7, 8]}).fit(X, Y)
    search = SearchCV(Fragile(), grid, error_score="raise")
    with pytest.raises(RuntimeError, match="C is too large"):
        search.fit(X, Y)
    assert search.study_.trials[-1].state == TrialState.FAIL
    assert all(trial.state.is_finished() for trial in search.study_.trials)


def test_an_empty_grid_is_one_candidate() -> None:
    search = SearchCV(SVC(), {}).fit(X, Y)
    assert search.best_params_ == {}
    assert len(search.study_.trials) == 1


def test_a_stored_search_is_resumed(tmp_path: Any) -> None:
    def search(trials: int, **more: Any) -> Any:
        place = tmp_path / "study.journal"
        space = {"C": Float(0.1, 10, log=True)}
        return SearchCV(SVC(), space, n_trials=trials, storage=place, seed=1, **more)

    first = search(4).fit(X, Y).cv_results_
    with pytest.raises(RequestError, match="Resume it"):
        search(4).fit(X, Y)
    for trials in (6, 6):  # the second time nothing is left to do
        resumed = search(trials, resume=True).fit(X, Y)
        assert len(resumed.study_.trials) == len(resumed.cv_results_["params"]) == trials
        assert resumed.cv_results_["params"][:4] == first["params"]
        np.testing.assert_array_equal(
            resumed.cv_results_["split3_test_score"][:4], first["split3_test_score"]
        )
        assert resumed.n_splits_ == 5


@engines
def test_a_space_with_conditions_and_a_spec_are_searched(backend: str) -> None:
    space = {
        "kernel": {"type": "choice", "values": ["rbf", "poly"]},
        "degree": {"type": "int", "low": 2, "high": 4, "when": {"kernel": "poly"}},
    }
    for given in (space, Space(space), {"space": space, "trials": 6}):
        search = SearchCV(SVC(), given, backend=backend, seed=0, n_trials=6).fit(X, Y)
        for params in search.cv_results_["params"]:
            assert ("degree" in params) == (params["kernel"] == "poly")
        assert search.cv_results_["param_degree"].mask.any()


def test_it_clones_pickles_and_nests() -> None:
    search = SearchCV(SVC(), DRAWN, n_iter=3, random_state=0)
    assert clone(search).get_params()["n_iter"] == 3
    frame = pd.DataFrame(X, columns=list("abcd"))
    copy = pickle.loads(pickle.dumps(search.fit(frame, Y)))
    np.testing.assert_array_equal(copy.predict(frame), search.predict(frame))
    assert len(copy.study_.trials) == 3
    assert list(copy.feature_names_in_) == list("abcd")
    assert cross_val_score(make_pipeline(StandardScaler(), search), X, Y, cv=3).min() > 0.9


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "given once"),
        ({"param_grid": {"C": [1]}, "spec_or_grid": {"C": [1]}}, "given once"),
        ({"param_grid": {"kernel": "rbf"}}, "param_grid.kernel: a list of values is needed"),
        ({"param_grid": {"C": []}}, "empty"),
        ({"param_grid": {"C": stats.uniform()}}, "a grid is made of lists"),
        ({"spec_or_grid": 3}, "a mapping of names"),
        ({"spec_or_grid": {"D": [1, 2]}}, "Invalid parameter 'D'"),
        ({"spec_or_grid": {"C": [1]}, "backend": "optunna"}, "Did you mean 'optuna'"),
        ({"spec_or_grid": {"C": [1]}, "n_trials": 0}, "n_trials has to be an integer above 0"),
        ({"spec_or_grid": {"C": [1]}, "n_trials": 1, "n_iter": 1}, "two names"),
        ({"spec_or_grid": {"C": [1]}, "timeout": -1}, "timeout has to be a number above 0"),
        ({"spec_or_grid": {"C": [1]}, "random_state": "a"}, "a seed is an integer"),
        ({"spec_or_grid": {"C": [1]}, "scoring": "nope"}, "scoring"),
    ],
)
def test_a_bad_request_is_one_line_and_a_value_error(
    arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        SearchCV(SVC(), **arguments).fit(X, Y)


def test_what_an_engine_cannot_do_is_refused() -> None:
    with pytest.raises(Unsupported, match="schedules"):
        SearchCV(SVC(), {"C": [1, 2]}, backend="keras_tuner", sampler="hyperband").fit(X, Y)
    minimized = {"space": {"C": Float(1, 2)}, "metric": {"name": "loss"}}
    with pytest.raises(SpecError, match="minimizes"):
        SearchCV(SVC(), minimized).fit(X, Y)


@pytest.mark.slow
@engines
@pytest.mark.parametrize("model", [Ridge(), LogisticRegression()])
@pytest.mark.parametrize("nested", [False, True])
def test_it_passes_scikit_learns_own_checks(backend: str, model: Any, nested: bool) -> None:
    name = "alpha" if isinstance(model, Ridge) else "C"
    estimator = Pipeline([("scale", StandardScaler()), ("m", model)]) if nested else model
    name = f"m__{name}" if nested else name
    more = {"cv": 2, "error_score": "raise"}
    space = {name: Float(0.1, 1.0, log=True)}
    ours = SearchCV(estimator, space, backend=backend, n_trials=2, seed=0, **more)
    theirs = GridSearchCV(estimator, {name: [0.1, 1.0]}, **more)
    assert _failed_checks(ours) == _failed_checks(theirs)


def _failed_checks(estimator: Any) -> set[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        checks = check_estimator(estimator, on_fail=None)
    return {check["check_name"] for check in checks if check["status"] == "failed"}
