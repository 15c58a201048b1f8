"""Gradient boosting of trees: regression without noise, and classification of resampled rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from optuna.trial import Trial
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.metrics import log_loss

from crosstune.benchmarks.problems.training.data import (
    Array,
    Part,
    cancer,
    diabetes,
    on_one_thread,
    seed,
)
from crosstune.space.parameters import Choice, Float, Int
from crosstune.space.space import Params, Space
from crosstune.spec.measures import Metric

DIABETES = Metric(name="rmse", direction="minimize")
"""In units of the target, whose standard deviation is 77."""

DIABETES_SPACE = Space(
    {
        "loss": Choice(["squared_error", "absolute_error"]),
        "learning_rate": Float(0.005, 1.0, log=True),
        "max_iter": Int(10, 150, log=True),
        "max_leaf_nodes": Int(2, 32, log=True),
        "min_samples_leaf": Int(1, 60, log=True),
        "l2_regularization": Float(1e-4, 100.0, log=True),
        "max_features": Float(0.1, 1.0),
    }
)


@on_one_thread
def boost_diabetes(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """`rmse` and `test_rmse`; the seed of the trees is fixed, so there is no noise."""
    parts = diabetes()
    model = HistGradientBoostingRegressor(**params, early_stopping=False, random_state=0)
    model.fit(parts.train.x, parts.train.y)

    def rmse(part: Part) -> float:
        return float(np.sqrt(np.mean((model.predict(part.x) - part.y) ** 2)))

    return {"rmse": rmse(parts.valid), "test_rmse": rmse(parts.test)}


RESAMPLED = Metric(name="log_loss", direction="minimize")
"""In nats; noisy, since each trial draws its own rows for training and validation."""

RESAMPLED_SPACE = Space(
    {
        "learning_rate": Float(0.01, 1.0, log=True),
        "max_iter": Int(5, 60, log=True),
        "max_leaf_nodes": Int(2, 16, log=True),
        "min_samples_leaf": Int(2, 40, log=True),
        "l2_regularization": Float(1e-4, 100.0, log=True),
    }
)

JUDGED_BY = 80
"""The number of validation rows of a trial; few, so that there is noise."""


@on_one_thread
def boost_resampled(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """`log_loss` on rows drawn with the trial's seed, and `test_log_loss` on the test part.

    Training and validation rows are drawn from the parts `train` and `valid` together.
    """
    parts = cancer()
    x = np.concatenate([parts.train.x, parts.valid.x])
    y = np.concatenate([parts.train.y, parts.valid.y])
    train, valid = split(seed(trial))
    model = HistGradientBoostingClassifier(**params, early_stopping=False, random_state=0)
    model.fit(x[train], y[train])

    def loss(features: Array, classes: Array) -> float:
        return float(log_loss(classes, model.predict_proba(features), labels=[0, 1]))

    return {"log_loss": loss(x[valid], y[valid]), "test_log_loss": loss(parts.test.x, parts.test.y)}


def split(seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The training and the validation rows of a trial, drawn from those not for the test."""
    parts = cancer()
    order = np.random.default_rng(seed).permutation(len(parts.train.y) + len(parts.valid.y))
    return order[JUDGED_BY:], order[:JUDGED_BY]
