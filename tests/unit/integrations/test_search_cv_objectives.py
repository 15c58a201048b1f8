"""A search of scikit-learn's form for several metrics."""

from __future__ import annotations

from typing import Any

import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.tree import DecisionTreeClassifier

from crosstune import Int, SearchCV
from crosstune.errors import RequestError

X, Y = load_iris(return_X_y=True)
SPACE = {"max_depth": Int(1, 6), "min_samples_leaf": Int(1, 40)}
SCORING = ["accuracy", "f1_macro", "neg_log_loss"]


def search(**options: Any) -> SearchCV:
    tree = DecisionTreeClassifier(random_state=0)
    options = {"scoring": SCORING, "refit": "accuracy", "n_trials": 8, "seed": 0, **options}
    return SearchCV(tree, SPACE, **options)


@pytest.mark.parametrize("backend", ["optuna", "hyperopt"])
def test_the_study_has_the_objectives_and_refit_chooses_the_model(backend: str) -> None:
    made = clone(search(objectives=["accuracy", "neg_log_loss"], backend=backend)).fit(X, Y)
    assert [one.name for one in made.study_.directions] == ["MAXIMIZE", "MAXIMIZE"]
    table = made.cv_results_
    for trial in made.study_.trials:
        row = list(table["trial_number"]).index(trial.number)
        assert trial.values == [table[f"mean_test_{name}"][row] for name in SCORING[::2]]
    assert made.best_score_ == max(table["mean_test_accuracy"])
    assert made.predict(X).shape == Y.shape


def test_the_model_that_refit_chooses_is_as_good_on_data_that_no_trial_saw() -> None:
    train, held_out = slice(0, None, 2), slice(1, None, 2)
    made = search(objectives=["accuracy", "f1_macro"], refit="f1_macro").fit(X[train], Y[train])
    table = made.cv_results_
    best = int(made.best_index_)
    assert table["mean_test_f1_macro"][best] == max(table["mean_test_f1_macro"])
    assert made.best_params_ == table["params"][best]
    alone = clone(made.estimator).set_params(**made.best_params_).fit(X[train], Y[train])
    assert (made.predict(X[held_out]) == alone.predict(X[held_out])).all()
    assert made.score(X[held_out], Y[held_out]) > 0.85  # by f1_macro; a third at random


def test_refit_may_be_a_function_or_nothing() -> None:
    def smallest(table: dict[str, Any]) -> int:
        on_front = table["mean_test_accuracy"] >= max(table["mean_test_accuracy"]) - 0.02
        depths = [params["max_depth"] for params in table["params"]]
        return min((i for i, good in enumerate(on_front) if good), key=depths.__getitem__)

    both = ["accuracy", "f1_macro"]
    made = search(objectives=both, refit=smallest).fit(X, Y)
    assert made.best_index_ == smallest(made.cv_results_)
    assert made.best_estimator_.get_depth() <= made.best_params_["max_depth"]
    without = search(objectives=both, refit=False).fit(X, Y)
    assert not hasattr(without, "best_estimator_")
    assert {t.number for t in without.study_.best_trials} <= set(
        without.cv_results_["trial_number"]
    )


def test_a_time_is_minimized_and_a_finished_search_is_resumed(tmp_path: Any) -> None:
    place = {"storage": str(tmp_path / "a.journal"), "resume": True}
    made = search(objectives=["accuracy", "score_time"], **place).fit(X, Y)
    assert made.study_.metric_names == ["accuracy", "score_time"]
    assert [one.name for one in made.study_.directions] == ["MAXIMIZE", "MINIMIZE"]
    assert made.study_.trials[0].values[1] == made.cv_results_["mean_score_time"][0]
    again = search(objectives=["accuracy", "score_time"], **place).fit(X, Y)
    assert again.best_params_ == made.best_params_
    assert len(again.study_.trials) == 8


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"objectives": ["accuracy"]}, "two or more different names"),
        ({"objectives": ["accuracy", "accuracy"]}, "two or more different names"),
        ({"objectives": "accuracy"}, "two or more different names"),
        ({"objectives": ["accuracy", "f1"]}, "no scorer in scoring=, or time, 'f1'"),
        ({"objectives": ["accuracy", "f1_macro"], "pruner": "median"}, "Leave the pruner out"),
        ({"objectives": ["accuracy", "f1_macro"], "patience": 3}, "patience"),
    ],
)
def test_what_is_not_possible_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(RequestError, match=message):
        search(**options).fit(X, Y)
