"""`SearchCV(start=...)`: candidates of the user, and the estimator as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import optuna
import pytest
from scipy.stats import gamma, loguniform, poisson
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC

from crosstune import SearchCV, Spec
from crosstune.engines.record_names import RUNS
from crosstune.errors import SpecError

X, Y = load_iris(return_X_y=True)
ENGINES = [None, "optuna", "hyperopt", "keras_tuner", "crosstune"]
SPACE: dict[str, Any] = {
    "C": loguniform(0.01, 100),
    "kernel": ["linear", "rbf"],
    "gamma": ["scale", "auto"],
}


def fitted(estimator: Any, space: Any, **how: Any) -> SearchCV:
    how = {"n_trials": 4, "random_state": 0, "cv": 2, "start": "defaults", **how}
    return SearchCV(estimator, space, **how).fit(X, Y)


def history(search: SearchCV) -> list[Any]:
    return [(t.number, t.params, t.values) for t in search.study_.trials]


def first(search: SearchCV) -> Any:
    return search.trial_values(search.study_.trials[0])


@pytest.mark.parametrize("backend", ENGINES)
def test_the_estimator_as_it_is_comes_first(backend: str | None) -> None:
    search = fitted(SVC(), SPACE, backend=backend)
    values = {"C": 1.0, "kernel": "rbf", "gamma": "scale"}
    assert search.study_.trials[0].params == values
    assert history(search) == history(fitted(SVC(), SPACE, backend=backend, start=[values]))


def test_off_unless_asked_for() -> None:
    search = fitted(SVC(), SPACE, start=None)
    assert search.study_.trials[0].params["C"] != 1.0
    assert "defaults" not in search.study_.user_attrs[RUNS][0]


@pytest.mark.parametrize("backend", ENGINES)
def test_a_whole_grid_is_walked_once(backend: str | None) -> None:
    grid = {"C": [0.1, 1, 10], "kernel": ["linear", "rbf"]}
    search = fitted(SVC(), grid, backend=backend, n_trials=None)
    assert first(search) == {"C": 1, "kernel": "rbf"}
    points = {tuple(trial.params.values()) for trial in search.study_.trials}
    assert len(points) == len(search.study_.trials) == 6


def test_the_values_are_those_of_the_estimator_that_is_passed() -> None:
    assert first(fitted(SVC(C=5, kernel="linear"), SPACE))["C"] == 5.0


def test_a_step_of_a_pipeline_is_found_among_objects() -> None:
    pipeline = Pipeline([("scale", StandardScaler()), ("model", SVC())])
    space = {"scale": [MinMaxScaler(), StandardScaler()], "model__C": [1, 2]}
    search = fitted(pipeline, space, n_trials=2)
    assert search.study_.trials[0].params == {"scale": "StandardScaler()", "model__C": 1}


def test_of_several_mappings_it_is_the_first_that_takes_the_most() -> None:
    pipeline = Pipeline([("scale", StandardScaler()), ("model", SVC())])
    space = [
        {"scale": [MinMaxScaler()], "model__C": [1, 3]},
        {"scale": [MinMaxScaler(), StandardScaler()], "model__C": [1, 2]},
        {"scale": [StandardScaler()], "model__C": [1, 2]},
    ]
    search = fitted(pipeline, space)
    assert search.study_.trials[0].params["branch"] == 1
    assert str(first(search)["scale"]) == "StandardScaler()"


def test_if_only_the_branch_would_fit_there_is_no_default_trial() -> None:
    search = fitted(SVC(C=9), [{"C": [1, 2]}, {"C": [3, 4]}], sampler="random")
    plain = fitted(SVC(C=9), [{"C": [1, 2]}, {"C": [3, 4]}], sampler="random", start=None)
    assert history(search) == history(plain)
    assert search.study_.user_attrs[RUNS][0]["defaults"]["params"] == {}


def test_behind_a_quantile_it_is_nearly_the_value() -> None:
    space = {"C": gamma(2, scale=2), "degree": poisson(4)}
    values = first(fitted(SVC(C=5), space, n_trials=1))
    assert values["C"] == pytest.approx(5, rel=1e-9)
    assert (values["degree"], type(values["degree"])) == (3, int)


def test_what_does_not_fit_is_left_out() -> None:
    space = {"C": [0.5, 2.0], "gamma": gamma(2), "kernel": ["rbf"]}
    search = fitted(SVC(), space, n_trials=1)
    assert search.study_.user_attrs[RUNS][0]["defaults"]["skipped"] == {
        "C": "its default 1.0 is not in the list of values",
        "gamma (quantile)": 'its default "scale" is not a value of this distribution',
    }


def test_start_points_are_in_the_names_and_values_of_the_estimator() -> None:
    pipeline = Pipeline([("scale", StandardScaler()), ("model", SVC())])
    space = {"scale": [MinMaxScaler(), StandardScaler()], "model__C": gamma(2, scale=2)}
    start = [{"model__C": 3.0, "scale": MinMaxScaler()}, "defaults"]
    search = fitted(pipeline, space, start=start)
    tried = [search.trial_values(trial) for trial in search.study_.trials[:2]]
    assert [str(values["scale"]) for values in tried] == ["MinMaxScaler()", "StandardScaler()"]
    assert [values["model__C"] for values in tried] == pytest.approx([3.0, 1.0], rel=1e-9)


def test_a_spec_may_ask_for_it() -> None:
    spec = Spec(space={"C": {"type": "float", "low": 0.1, "high": 10.0}}, start="defaults")
    assert first(fitted(SVC(C=4), spec, start=None)) == {"C": 4.0}


FAULTS: list[tuple[Any, str]] = [
    ("default", "start: no start point 'default'.*mean 'defaults'"),
    ([{"c": 1}], "start.0.c: no parameter 'c'. Known: C, gamma, kernel"),
    ([{"C": 1000}], "start.0.C: 1000 is not in the range"),
    (["defaults", {"kernel": "poly"}], 'start.1.kernel: "poly" is not in the list of values'),
    (3, "start: a list is needed"),
    ({"C": 1}, "start: a list is needed"),
    ([3], "start.0: a mapping is needed"),
]


@pytest.mark.parametrize(("start", "message"), FAULTS)
def test_a_wrong_start_is_refused_before_any_fit(start: Any, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        fitted(SVC(), SPACE, start=start)


def test_a_clone_has_it_and_a_resumed_search_too(tmp_path: Path) -> None:
    def search(**how: Any) -> SearchCV:
        return SearchCV(SVC(), SPACE, cv=2, random_state=0, start="defaults", **how)

    assert clone(search()).start == "defaults"
    place = str(tmp_path / "study.journal")
    search(n_trials=2, storage=place).fit(X, Y)
    resumed = search(n_trials=4, storage=place, resume=True).fit(X, Y)
    assert history(resumed) == history(search(n_trials=4, backend="optuna").fit(X, Y))
    assert isinstance(resumed.study_, optuna.Study)
