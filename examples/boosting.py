"""Gradient boosting on the logarithm of a target: the progress of diabetes after one year.

crosstune run examples/boosting.yaml     tunes it
python examples/boosting.py              trains the default settings, and prints their scores
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from sklearn import metrics
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.model_selection import KFold, train_test_split
from threadpoolctl import threadpool_limits

SEED = 0
"""Of the parts, and of the draws inside boosting: settings are compared on the same ones."""

one_thread = threadpool_limits.wrap(limits=1)
"""On tables this small, threads mostly wait for each other."""

defaults = {
    "learning_rate": 0.1,
    "max_iter": 100,
    "max_leaf_nodes": 31,
    "min_samples_leaf": 20,
    "max_features": 1.0,
    "l2_regularization": 0.0,
    "early_stopping": False,
}
"""Scikit-learn's own."""


@cache
def parts() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The patients to tune on (300) and to test on (142)."""
    x, y = load_diabetes(return_X_y=True)
    x_tune, x_test, y_tune, y_test = train_test_split(x, y, train_size=300, random_state=SEED)
    return {"tune": (x_tune, y_tune), "test": (x_test, y_test)}


def fit(params: dict[str, Any], x: np.ndarray, y: np.ndarray) -> TransformedTargetRegressor:
    """The model fitted to log(1 + y), so that it errs by shares and predicts above 0."""
    boosting = HistGradientBoostingRegressor(**params, random_state=SEED)
    model = TransformedTargetRegressor(boosting, func=np.log1p, inverse_func=np.expm1)
    return model.fit(x, y)


def scores(model: TransformedTargetRegressor, x: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """The error of the logarithm, and three in the target's own unit."""
    predicted = np.maximum(model.predict(x), 0.0)
    return {
        "rmsle": float(metrics.root_mean_squared_log_error(y, predicted)),
        "rmse": float(metrics.root_mean_squared_error(y, predicted)),
        "mae": float(metrics.mean_absolute_error(y, predicted)),
        "r2": float(metrics.r2_score(y, predicted)),
    }


@one_thread
def train(params: dict[str, Any]) -> dict[str, float]:
    """The objective: the metric and, kept beside it, three further ones.

    Each fifth of the patients is the validation part once, and the other four are the train
    part: a single part of 60 is too few to tell good settings from lucky ones.
    """
    x, y = parts()["tune"]
    folds = [
        scores(fit(params, x[train], y[train]), x[valid], y[valid])
        for train, valid in KFold(5, shuffle=True, random_state=SEED).split(x)
    ]
    return {name: float(np.mean([fold[name] for fold in folds])) for name in folds[0]}


@one_thread
def test(params: dict[str, Any]) -> dict[str, float]:
    """The scores on the test part, after a fit on all the others.

    `crosstune run` asks once, for the best trial.
    """
    return scores(fit(params, *parts()["tune"]), *parts()["test"])


train.test = test


if __name__ == "__main__":
    for part, found in (("valid", train(defaults)), ("test", test(defaults))):
        print(part, ", ".join(f"{name} {x:.4f}" for name, x in found.items()))
