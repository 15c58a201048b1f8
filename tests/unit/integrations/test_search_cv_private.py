"""The private names of scikit-learn in `search_cv/scikit.py` are where they were."""

from __future__ import annotations

import inspect

import pytest
from sklearn.model_selection import GridSearchCV
from sklearn.svm import SVC

from crosstune.integrations.search_cv.scikit import (
    BaseSearchCV,
    every_fit_failed,
    replace,
    validate,
)


def test_grid_search_has_the_base_and_the_hook() -> None:
    assert issubclass(GridSearchCV, BaseSearchCV)
    assert next(iter(list(inspect.signature(BaseSearchCV._run_search).parameters)[1:])) == (
        "evaluate_candidates"
    )


def test_fit_goes_on_with_the_mapping_that_was_returned() -> None:
    class Search(BaseSearchCV):  # type: ignore[misc]
        def __init__(self, estimator):  # type: ignore[no-untyped-def]
            super().__init__(estimator, cv=2, return_train_score=False)

        def _run_search(self, evaluate_candidates):  # type: ignore[no-untyped-def]
            evaluate_candidates([{"C": 1.0}])
            returned = evaluate_candidates([{"C": 2.0}])
            ours = {"params": [{"C": 3.0}], "rank_test_score": returned["rank_test_score"][:1]}
            replace(returned, {**ours, "mean_test_score": returned["mean_test_score"][:1]})

    search = Search(SVC()).fit([[0.0], [1.0]] * 4, [0, 1] * 4)
    assert search.best_params_ == {"C": 3.0}
    assert search.cv_results_["params"] == [{"C": 3.0}]


def test_the_error_for_fits_that_all_raised_is_told() -> None:
    with pytest.raises(ValueError) as caught:
        GridSearchCV(SVC(), {"C": [-1.0]}, cv=2).fit([[0.0], [1.0]] * 4, [0, 1] * 4)
    assert every_fit_failed(caught.value)


def test_arguments_are_validated_as_scikit_learn_does() -> None:
    with pytest.raises(TypeError, match="implementing 'fit'"):
        validate(GridSearchCV("no estimator", {}))
