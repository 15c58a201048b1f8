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
