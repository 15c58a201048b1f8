"""`SearchCV`, the search as a scikit-learn estimator."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.model_selection import check_cv

from crosstune.digests.evaluated import of_data, of_splits
from crosstune.engines import study_values as ledger
from crosstune.integrations.search_cv.evaluated import of_search
from crosstune.integrations.search_cv.request import OpenSearch, settle_search, translation_of
from crosstune.integrations.search_cv.run import SearchRun
from crosstune.integrations.search_cv.scikit import BaseSearchCV, Evaluate, Folds, validate


class SearchCV(BaseSearchCV):  # type: ignore[misc]  # scikit-learn has no types
    """`GridSearchCV` and `RandomizedSearchCV` on any engine.

    Each candidate is a trial of an `optuna.Study`, `study_`. Its value is the mean score and its
    intermediate values are the scores of the folds. Everything else is scikit-learn's.

    Args:
        estimator: the model to tune.
        spec_or_grid: a `Spec`, its file or a mapping of its keys; a `Space` or a mapping of its
            parameters; or a value of `param_grid` or `param_distributions`.
        param_grid: names to lists of values, or a list of such mappings. Every point is
            evaluated, unless `n_trials`, `timeout` or `sampler` is set.
        param_distributions: names to lists, distributions of scipy.stats or Optuna, or parameters
            of crosstune, or a list of such mappings.
        backend: "optuna", "hyperopt", "keras_tuner" or one of a plug-in. None: Optuna; for grids
            and random search over lists of values without a storage, crosstune's own grid.
        sampler: a role (random, grid, bayesian), a native name, or a mapping with options.
        pruner: a name, a mapping with options, or Optuna's. Candidates are then evaluated fold by
            fold, without `n_jobs`. A pruned one has NaN in the remaining folds and ranks last.
        n_trials: finished trials of the study in total. Default: the spec's; every point of a
            grid; 10 for distributions; 100 for a space.
        n_iter: `RandomizedSearchCV`'s name for `n_trials`.
        timeout: seconds after which no candidate starts; the first one always does.
        patience: end after this number of candidates in a row without an improvement.
        seed: any integer.
        random_state: scikit-learn's name for `seed`, which it overrides; also a `RandomState`.
        start: candidates to evaluate first, a list of mappings of the estimator's parameters;
            "defaults", alone or in the list, is the estimator as it is. Default: the spec's.
        storage, study_name, resume: where to keep the study, and whether to continue it; see
            `crosstune.tune`. The study keeps a digest of data, splits, scorers and estimator,
            and cannot be resumed with others.
        scoring, refit, cv, verbose, pre_dispatch, error_score, return_train_score: see
            `GridSearchCV`. With several metrics the study maximizes that of `refit`, or the first.
        objectives: search for several metrics at once: two or more names of `scoring`, which are
            maximized, or "fit_time" and "score_time", which are minimized. The front is
            `study_.best_trials`; `refit` chooses `best_params_` as without.
        n_jobs: fits in parallel. An engine that learns has one candidate at a time evaluated,
            its folds in parallel; random search and grids up to 32 candidates. The candidates do
            not depend on it.

    Attributes:
        study_: the `optuna.Study`. A candidate whose score is NaN is a failed trial.
        cv_results_: as in `GridSearchCV`, plus `trial_number`. A whole grid is in the order of
            `GridSearchCV`, anything else in that of the trials.

    Raises:
        RequestError: by `fit`, before any candidate; also a ValueError if a value is bad.
        InvalidParameterError: scikit-learn's, for arguments that `GridSearchCV` refuses too.

    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> search = SearchCV(SVC(), {"C": [1, 10], "kernel": ["linear", "rbf"]}, backend="hyperopt")
    >>> search.fit(*load_iris(return_X_y=True)).best_params_
    {'C': 1, 'kernel': 'linear'}
    """

    def __init__(
        self,
        estimator: Any,
        spec_or_grid: Any = None,
        *,
        param_grid: Any = None,
        param_distributions: Any = None,
        backend: str | None = None,
        sampler: Any = None,
        pruner: Any = None,
        n_trials: int | None = None,
        n_iter: int | None = None,
        timeout: float | None = None,
        patience: int | None = None,
        seed: int | None = None,
        random_state: Any = None,
        start: Any = None,
        storage: Any = None,
        study_name: str | None = None,
        resume: bool = False,
        scoring: Any = None,
        objectives: Any = None,
        n_jobs: int | None = None,
        refit: Any = True,
        cv: Any = None,
        verbose: int = 0,
        pre_dispatch: Any = "2*n_jobs",
        error_score: Any = np.nan,
        return_train_score: bool = False,
    ):
        super().__init__(
            estimator=estimator,
            scoring=scoring,
            n_jobs=n_jobs,
            refit=refit,
            cv=cv,
            verbose=verbose,
            pre_dispatch=pre_dispatch,
            error_score=error_score,
            return_train_score=return_train_score,
        )
        self.spec_or_grid = spec_or_grid
        self.param_grid = param_grid
        self.param_distributions = param_distributions
        self.backend = backend
        self.sampler = sampler
        self.pruner = pruner
        self.n_trials = n_trials
        self.n_iter = n_iter
        self.timeout = timeout
        self.patience = patience
        self.seed = seed
        self.random_state = random_state
        self.start = start
        self.storage = storage
        self.study_name = study_name
        self.resume = resume
        self.objectives = objectives

    def fit(self, X: Any, y: Any = None, **params: Any) -> SearchCV:  # noqa: N803
        """Search, then fit the best candidate to all the data.

        Args:
            X, y: features (n, d) and target (n,) or (n, k).
            params: for the estimator's `fit`, the splitter (`groups`) and the scorer; see
                `GridSearchCV.fit`.

        Raises:
            RequestError: the request is bad; nothing was fitted.
            ValueError: every fit of every candidate raised.
        """
        validate(self)
        users_cv: Any = self.cv
        splitter = check_cv(users_cv, y, classifier=is_classifier(self.estimator))
        plan = settle_search(self)
        self._searching: tuple[OpenSearch, Folds] | None = None
        stack = ExitStack()

        def begin(indices: list[Any]) -> bool:
            evaluated = None
            if self.storage is not None:
                evaluated = {
                    **of_data(X, y, params),
                    **of_splits(indices, splitter),
                    **of_search(self, plan.translation),
                }
            opened = stack.enter_context(plan.opened(evaluated))
            self._searching = opened, folds
            return opened.prunes or not opened.wanted

        folds = Folds(splitter, begin)
        # scikit-learn's fit splits by self.cv, and counts its folds.
        self.cv: Any = folds
        try:
            with stack:
                super().fit(X, y, **params)
        finally:
            self.cv = users_cv
            if self._searching is not None:
                self.study_ = self._searching[0].study
            del self._searching
        self.n_splits_ = folds.n
        return self

    def trial_values(self, trial: Any) -> dict[str, Any]:
        """The parameters of the estimator in a trial of `study_`; see `crosstune.trial_values`.

        Raises:
            SpecError: the trial belongs to another space.
        """
        translation = translation_of(self)
        return translation.decode(ledger.read_point(translation.space, trial.params))

    def _run_search(self, evaluate_candidates: Evaluate) -> None:
        """Called by scikit-learn's `fit` with the function that evaluates candidates."""
        assert self._searching is not None
        opened, folds = self._searching
        SearchRun(self, opened, folds, evaluate_candidates)()

    def __getstate__(self) -> dict[str, Any]:
        # scikit-learn sends the search to each worker, which does not need the open study.
        state: dict[str, Any] = super().__getstate__()
        return {key: value for key, value in state.items() if key != "_searching"}
