"""A stored `SearchCV` goes on with what it was begun with, and refuses scores of anything else."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse, stats
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, fbeta_score, make_scorer
from sklearn.model_selection import GroupKFold, KFold, StratifiedKFold, cross_validate
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVC

from crosstune import Float, SearchCV
from crosstune.engines.record_names import EVALUATED
from crosstune.errors import RequestError
from crosstune.study.lock import Driven, driving

X, Y = load_iris(return_X_y=True)
X, Y = X[::3], Y[::3]
GRID = {"C": [0.1, 1.0]}
BETA = 2.0


def search(place: Path, estimator: Any = None, space: Any = None, **more: Any) -> SearchCV:
    options = {"storage": place / "s.journal", "resume": True, "cv": 2, **more}
    return SearchCV(SVC() if estimator is None else estimator, space or GRID, **options)


def by_beta(model: Any, x: Any, y: Any) -> float:
    return float(fbeta_score(y, model.predict(x), beta=BETA, average="macro"))


def other(model: Any, x: Any, y: Any) -> float:
    return float(accuracy_score(y, model.predict(x)))


def test_a_stored_search_is_locked_while_it_runs(tmp_path: Path) -> None:
    held_off = []

    def score(model: Any, x: Any, y: Any) -> float:
        with pytest.raises(Driven, match="runs this study already"):
            search(tmp_path).fit(X, Y)
        held_off.append(model)
        return 0.5

    search(tmp_path, scoring=score, refit=False).fit(X, Y)
    assert len(held_off) == 4
    with driving(tmp_path / "s.journal", "study"), pytest.raises(Driven):
        search(tmp_path, scoring=score).fit(X, Y)


def test_nested_cross_validation_does_not_read_scores_of_another_fold(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"differs in: X .*storage"):
        cross_validate(search(tmp_path), X, Y, cv=3, error_score="raise")


@pytest.mark.parametrize(
    ("first", "then", "named"),
    [
        ({"X": X}, {"X": X + 1}, "X"),
        ({"X": X.tolist()}, {"X": (X + 1).tolist()}, "X"),
        ({"X": sparse.csr_matrix(X)}, {"X": sparse.csr_matrix(X + 1)}, "X"),
        ({"X": pd.DataFrame(X)}, {"X": pd.DataFrame(X, columns=list("abcd"))}, "X"),
        ({"X": pd.DataFrame(X)}, {"X": pd.DataFrame(X[:, ::-1])}, "X"),
        ({"y": Y}, {"y": Y[::-1]}, "y"),
        ({"y": Y.astype(str)}, {"y": np.char.add(Y.astype(str), "x")}, "y"),
        ({"fit": {"sample_weight": np.ones(len(Y))}}, {}, "sample_weight"),
        ({}, {"fit": {"sample_weight": Y + 1}}, "sample_weight"),
        ({"cv": 2}, {"cv": 3}, "splits"),
        (
            {"cv": KFold(2, shuffle=True, random_state=0)},
            {"cv": KFold(2, shuffle=True, random_state=1)},
            "splits",
        ),
        (
            {"cv": list(KFold(2).split(X))},
            {"cv": list(StratifiedKFold(2).split(X, Y))},
            "splits",
        ),
        ({"cv": KFold(2, shuffle=True)}, {"cv": KFold(2, shuffle=True)}, "splits.*random_state"),
        (
            {"cv": GroupKFold(2), "fit": {"groups": np.arange(len(Y)) % 4}},
            {"cv": GroupKFold(2), "fit": {"groups": np.arange(len(Y)) % 5}},
            "groups",
        ),
        ({"scoring": "accuracy"}, {"scoring": "f1_macro"}, "scoring"),
        ({}, {"scoring": "f1_macro"}, "scoring"),
        ({"scoring": by_beta}, {"scoring": other}, "scoring"),
        (
            {"scoring": make_scorer(fbeta_score, beta=1, average="macro")},
            {"scoring": make_scorer(fbeta_score, beta=2, average="macro")},
            "scoring",
        ),
        (
            {"scoring": ["accuracy", "f1_macro"], "refit": "accuracy"},
            {"scoring": ["accuracy", "f1_macro"], "refit": "f1_macro"},
            "scoring",
        ),
        ({"estimator": SVC(gamma=0.1)}, {"estimator": SVC(gamma=1.0)}, "'gamma'"),
        ({"estimator": SVC()}, {"estimator": LogisticRegression()}, "estimator"),
        (
            {"space": [{"C": [1]}, {"gamma": [1]}], "estimator": SVC(C=1)},
            {"space": [{"C": [1]}, {"gamma": [1]}], "estimator": SVC(C=2)},
            "'C'",
        ),
    ],
)
def test_what_changed_is_named_before_anything_is_fitted(
    first: dict[str, Any], then: dict[str, Any], named: str, tmp_path: Path
) -> None:
    def fit(given: dict[str, Any]) -> Any:
        options = dict(given)
        x, y, more = options.pop("X", X), options.pop("y", Y), options.pop("fit", {})
        return search(tmp_path, **options, error_score=0.0).fit(x, y, **more)

    made = fit(first)
    fit_again = {**first, **then} if then or first.keys() != {"fit"} else {}
    with pytest.raises(RequestError, match=named):
        fit(fit_again)
    assert len(made.study_.trials) == 2
    assert len(made.study_.user_attrs["crosstune:runs"]) == 1


@pytest.mark.parametrize(
    ("space", "then"),
    [
        ({"C": stats.gamma(2)}, {"C": stats.gamma(3)}),
        ({"kernel": [lambda a, b: a @ b.T]}, {"kernel": [lambda a, b: a @ b.T + 1]}),
    ],
)
def test_values_that_a_study_holds_by_name_are_compared(
    space: Any, then: Any, tmp_path: Path
) -> None:
    search(tmp_path, space=space, n_trials=1).fit(X, Y)
    with pytest.raises(RequestError, match=f"behind '{next(iter(space))}"):
        search(tmp_path, space=then, n_trials=2).fit(X, Y)


@pytest.mark.parametrize(
    "same",
    [
        {"X": X.tolist(), "y": Y.tolist()},
        {"X": np.asfortranarray(X)},
        {"cv": StratifiedKFold(2)},
        {"estimator": SVC(C=7.0, verbose=False)},
        {"n_jobs": 2, "verbose": 0},
        {"pre_dispatch": "all", "refit": False},
    ],
)
def test_the_same_in_another_form_goes_on(same: dict[str, Any], tmp_path: Path) -> None:
    search(tmp_path, space={"C": Float(0.1, 1)}, n_trials=1).fit(X, Y)
    options = dict(same)
    x, y = options.pop("X", X), options.pop("y", Y)
    again = search(tmp_path, space={"C": Float(0.1, 1)}, n_trials=2, **options).fit(x, y)
    assert len(again.study_.trials) == 2


def test_the_parameters_of_a_step_that_is_searched_are_free(tmp_path: Path) -> None:
    def pipe(model: Any) -> Any:
        return Pipeline([("reduce", PCA(2)), ("model", model)])

    space = {"model": [SVC(), LogisticRegression()], "reduce__whiten": [True, False]}
    search(tmp_path, pipe(SVC()), space, n_trials=1).fit(X, Y)
    search(tmp_path, pipe(KNeighborsClassifier()), space, n_trials=2).fit(X, Y)
    wider = Pipeline([("reduce", PCA(3)), ("model", SVC())])
    with pytest.raises(RequestError, match="'reduce__n_components'"):
        search(tmp_path, wider, space, n_trials=3).fit(X, Y)


def test_a_study_without_the_record_goes_on_with_one_notice(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(
            "crosstune.tuning.opening.agree", lambda *_, **__: None
        )  # as before there was one
        search(tmp_path, space={"C": Float(0.1, 1)}, n_trials=1).fit(X, Y)
    for trials, notices in ((2, 1), (3, 0)):
        caplog.clear()
        with caplog.at_level(logging.WARNING, "crosstune"):
            search(tmp_path, space={"C": Float(0.1, 1)}, n_trials=trials).fit(X, Y)
        told = [record for record in caplog.messages if "has no record of the data" in record]
        assert len(told) == notices


def test_a_study_in_memory_is_not_compared() -> None:

    search = SearchCV(SVC(), GRID, cv=2)
    assert search.fit(X, Y).best_score_ > 0.9
    assert EVALUATED not in search.study_.user_attrs
    search.fit(X + 1, Y)


def test_a_transformer_with_a_closure_is_compared_by_what_it_holds(tmp_path: Path) -> None:
    def shifted(by: float) -> Any:
        def shift(x: Any) -> Any:
            return x + by

        return Pipeline([("shift", FunctionTransformer(shift)), ("model", SVC())])

    space = {"model__C": [0.1, 1.0]}
    search(tmp_path, shifted(0.0), space, n_trials=1).fit(X, Y)
    search(tmp_path, shifted(0.0), space, n_trials=2).fit(X, Y)
    with pytest.raises(RequestError, match="'shift__func'"):
        search(tmp_path, shifted(1.0), space, n_trials=2).fit(X, Y)
