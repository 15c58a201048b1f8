"""Gradient boosting of regression trees on the diabetes data."""

from __future__ import annotations

import numpy as np
from optuna.trial import Trial
from sklearn.ensemble import HistGradientBoostingRegressor

from crosstune.benchmarks.problems.training.data import Part, diabetes, on_one_thread
from crosstune.space.parameters import Choice, Float, Int
from crosstune.space.space import Params, Space
from crosstune.spec.spec import Metric

METRIC = Metric(name="rmse", direction="minimize")
"""In units of the target, whose standard deviation is 77."""

SPACE = Space(
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
def score(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """`rmse` and `test_rmse`; the seed of the trees is fixed, so there is no noise."""
    parts = diabetes()
    model = HistGradientBoostingRegressor(**params, early_stopping=False, random_state=0)
    model.fit(parts.train.x, parts.train.y)

    def rmse(part: Part) -> float:
        return float(np.sqrt(np.mean((model.predict(part.x) - part.y) ** 2)))

    return {"rmse": rmse(parts.valid), "test_rmse": rmse(parts.test)}
