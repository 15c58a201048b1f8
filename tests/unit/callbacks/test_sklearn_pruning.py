"""`partial_fit_with_pruning` on the estimators that have `partial_fit`."""

from __future__ import annotations

from typing import Any

import numpy as np
import optuna
import pandas as pd
import pytest
from optuna.pruners import NopPruner, ThresholdPruner
from optuna.trial import TrialState
from scipy import sparse
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression, SGDClassifier, SGDRegressor
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.naive_bayes import MultinomialNB
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from crosstune import tune
from crosstune.callbacks import TrainingDiverged, partial_fit_with_pruning
from crosstune.errors import RequestError, Unsupported
from tests.support.slow import slow_but_first

pytestmark = pytest.mark.filterwarnings("ignore")

X, Y = load_iris(return_X_y=True)
X, Y = X[np.random.RandomState(0).permutation(150)], Y[np.random.RandomState(0).permutation(150)]
SPLIT = X[:100], Y[:100], X[100:], Y[100:]


def asked(pruner: optuna.pruners.BasePruner | None = None, **more: Any) -> optuna.Trial:
    return optuna.create_study(pruner=pruner or NopPruner(), direction="maximize", **more).ask()


def reports(trial: optuna.Trial) -> dict[int, float]:
    return trial.study.trials[0].intermediate_values


def test_the_fit_is_the_one_of_a_loop_by_hand() -> None:
    trial, estimator, by_hand = (
        asked(),
        SGDClassifier(random_state=0),
        SGDClassifier(random_state=0),
    )
    score = partial_fit_with_pruning(estimator, *SPLIT, trial=trial, epochs=4)
    scores = []
    for _ in range(4):
        by_hand.partial_fit(X[:100], Y[:100], classes=[0, 1, 2])
        scores.append(by_hand.score(X[100:], Y[100:]))
    assert np.array_equal(estimator.coef_, by_hand.coef_)
    assert list(reports(trial).items()) == list(enumerate(scores))
    assert score == scores[-1]


@pytest.mark.parametrize(
    "estimator",
    [
        SGDClassifier(random_state=0),
        MLPClassifier(random_state=0),
        MultinomialNB(),
        MLPRegressor(random_state=0),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
@pytest.mark.parametrize("batch_size", slow_but_first([None, 7]))
def test_the_estimators_that_learn_by_epochs_learn(estimator: Any, batch_size: int | None) -> None:
    trial = asked()
    score = partial_fit_with_pruning(
        estimator, *SPLIT, trial=trial, epochs=15, batch_size=batch_size, seed=0
    )
    assert list(reports(trial)) == list(range(15))
    assert score == reports(trial)[14] == estimator.score(*SPLIT[2:])


def test_a_batch_may_lack_a_class() -> None:
    order = np.argsort(Y[:100], kind="stable")
    estimator = SGDClassifier(random_state=0)
    data = X[:100][order], Y[:100][order], X[100:], Y[100:]
    partial_fit_with_pruning(estimator, *data, trial=asked(), epochs=1, batch_size=5, seed=0)
    assert list(estimator.classes_) == [0, 1, 2]
    narrow = SGDClassifier(random_state=0)
    few = X[:100][Y[:100] < 2], Y[:100][Y[:100] < 2], X[100:], Y[100:]
    partial_fit_with_pruning(narrow, *few, trial=asked(), epochs=1, classes=[0, 1, 2])
    assert list(narrow.classes_) == [0, 1, 2]


def test_each_sample_is_seen_once_an_epoch_in_an_order_drawn_anew() -> None:
    class Seen(SGDClassifier):
        seen: list[float]

        def partial_fit(self, rows: Any, targets: Any, classes: Any = None) -> Any:
            self.__dict__.setdefault("seen", []).extend(np.asarray(rows)[:, 0].tolist())
            assert [int(row) % 3 for row in np.asarray(rows)[:, 0]] == list(targets)
            return super().partial_fit(rows, targets, classes)

    rows = np.arange(10.0).reshape(-1, 1)
    for kind in (np.asarray, pd.DataFrame):
        estimator = Seen(random_state=0)
        targets = pd.Series(rows[:, 0] % 3, index=np.arange(10.0) + 0.5)
        data = kind(rows), targets if kind is pd.DataFrame else targets.to_numpy()
        partial_fit_with_pruning(
            estimator, *data, rows, rows[:, 0] % 3, trial=asked(), epochs=2, batch_size=4, seed=0
        )
        first, second = estimator.seen[:10], estimator.seen[10:]
        assert sorted(first) == sorted(second) == list(range(10))
        assert first != second != sorted(second)


def test_a_sparse_matrix_is_cut_into_batches() -> None:
    rows, targets, *valid = SPLIT
    score = partial_fit_with_pruning(
        SGDClassifier(random_state=0),
        sparse.coo_matrix(rows), targets, *valid, trial=asked(), epochs=9, batch_size=10, seed=0,
    )  # fmt: skip
    assert score > 0.6


@pytest.mark.parametrize("scoring", ["accuracy", make_scorer(accuracy_score)])
def test_a_score_may_be_chosen(scoring: Any) -> None:
    trial = asked()
    partial_fit_with_pruning(MultinomialNB(), *SPLIT, trial=trial, epochs=1, scoring=scoring)
    other = asked()
    partial_fit_with_pruning(MultinomialNB(), *SPLIT, trial=other, epochs=1, scoring="neg_log_loss")
    assert reports(trial)[0] > 0 > reports(other)[0]


@pytest.mark.parametrize("backend", slow_but_first(["optuna", "hyperopt", "keras_tuner"]))
def test_it_prunes_on_every_engine(backend: str) -> None:
    def train(params: dict[str, float], trial: optuna.Trial) -> float:
        model = SGDClassifier(alpha=params["alpha"], random_state=0)
        return partial_fit_with_pruning(model, *SPLIT, trial=trial, epochs=8)

    spec = {
        "space": {"alpha": {"type": "float", "low": 1e-5, "high": 1e3, "log": True}},
        "metric": {"name": "accuracy", "direction": "maximize"},
        "pruner": {"name": "threshold", "lower": 0.6, "n_warmup_steps": 3},
        "seed": 0,
    }
    study = tune(spec, train, backend=backend, trials=12)
    states = [trial.state for trial in study.trials]
    assert set(states) == {TrialState.PRUNED, TrialState.COMPLETE}
    for trial in study.trials:
        assert len(trial.intermediate_values) == 8 or trial.state == TrialState.PRUNED


def test_the_epochs_after_pruning_are_not_trained() -> None:
    estimator = SGDClassifier(random_state=0)
    with pytest.raises(optuna.TrialPruned, match="pruned after step 0: score = "):
        partial_fit_with_pruning(
            estimator, *SPLIT, trial=asked(ThresholdPruner(lower=1.1)), epochs=50
        )
    assert estimator.t_ == 101


@pytest.mark.parametrize(
    ("estimator", "scale"),
    [
        (SGDRegressor(random_state=0), 1e200),
        (MLPRegressor(learning_rate_init=1e200, solver="sgd", random_state=0), 1.0),
    ],
    ids=lambda given: type(given).__name__,
)
def test_weights_that_overflow_are_a_divergence(estimator: Any, scale: float) -> None:
    """By scikit-learn's own words, in two sentences; the test fails when it finds others."""
    rows, *others = SPLIT
    for divergence, error in (("prune", optuna.TrialPruned), ("fail", TrainingDiverged)):
        with pytest.raises(error, match=r"diverged at step \d+: score = nan"):
            partial_fit_with_pruning(
                estimator, rows * scale, *others, trial=asked(), epochs=30,
                divergence=divergence,  # type: ignore[arg-type]
            )  # fmt: skip


def test_predictions_that_are_no_numbers_are_a_divergence() -> None:
    class Wild(SGDRegressor):
        def predict(self, rows: Any) -> Any:
            return np.full(len(rows), np.nan)

    with pytest.raises(optuna.TrialPruned, match="diverged at step 0"):
        partial_fit_with_pruning(Wild(), *SPLIT, trial=asked(), epochs=2)


def test_a_hole_in_the_data_is_an_error_and_no_divergence() -> None:
    holed = X[:100].copy()
    holed[3, 1] = np.nan
    for data in ((holed, *SPLIT[1:]), (*SPLIT[:2], holed[:50], SPLIT[3])):
        for estimator in (SGDClassifier(), SGDRegressor()):
            with pytest.raises(ValueError, match="Input X contains NaN"):
                partial_fit_with_pruning(estimator, *data, trial=asked(), epochs=2)


def test_what_cannot_be_fitted_by_epochs_is_refused() -> None:
    pipeline = make_pipeline(StandardScaler(), SGDClassifier())
    with pytest.raises(RequestError, match=r"Pipeline cannot .* give the last step alone"):
        partial_fit_with_pruning(pipeline, *SPLIT, trial=asked(), epochs=2)
    for estimator in (LogisticRegression(), MLPClassifier(solver="lbfgs")):
        with pytest.raises(RequestError, match=r"has no partial_fit. Fit it at once"):
            partial_fit_with_pruning(estimator, *SPLIT, trial=asked(), epochs=2)


def test_bad_requests_say_what_is_wrong() -> None:
    def fit(trial: optuna.Trial, **more: Any) -> None:
        given: dict[str, Any] = {"epochs": 2, **more}
        partial_fit_with_pruning(SGDClassifier(), *SPLIT, trial=trial, **given)

    with pytest.raises(RequestError, match="the study minimizes"):
        fit(optuna.create_study().ask())
    with pytest.raises(RequestError, match="epochs is a whole number above 0, not 0"):
        fit(asked(), epochs=0)
    with pytest.raises(RequestError, match="batch_size is a whole number above 0, not -1"):
        fit(asked(), batch_size=-1)
    with pytest.raises(RequestError, match="epochs is a whole number"):
        fit(asked(), epochs=2.5)
    with pytest.raises(Unsupported, match="2 objectives"):
        fit(optuna.create_study(directions=["maximize"] * 2).ask())
