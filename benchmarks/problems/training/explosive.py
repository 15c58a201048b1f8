"""A heavy-tailed objective: gradient descent, whose error explodes at too high a rate."""

from __future__ import annotations

import numpy as np
from optuna.trial import Trial
from sklearn.linear_model import SGDRegressor
from sklearn.preprocessing import PolynomialFeatures

from crosstune.benchmarks.problems.training.data import Part, diabetes, on_one_thread
from crosstune.space.parameters import Bool, Choice, Float, Int
from crosstune.space.space import Params, Space
from crosstune.spec.spec import Metric

METRIC = Metric(name="rmse", direction="minimize")
"""In units of the target, whose standard deviation is 77; finite, from about 55 to 1e15."""

SPACE = Space(
    {
        "eta0": Float(1e-5, 1.0, log=True),
        "schedule": Choice(["constant", "invscaling"]),
        "power_t": Float(0.0, 0.9, when={"schedule": "invscaling"}),
        "alpha": Float(1e-6, 1.0, log=True),
        "l1_ratio": Float(0.0, 1.0),
        "epochs": Int(2, 50, log=True),
        "average": Bool(),
    }
)


@on_one_thread
def score(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """`rmse` and `test_rmse` of a model with all products of two features, without noise."""
    parts = diabetes()
    products = PolynomialFeatures(2, include_bias=False)
    model = SGDRegressor(
        learning_rate=params["schedule"],
        eta0=params["eta0"],
        power_t=params.get("power_t", 0.25),
        penalty="elasticnet",
        alpha=params["alpha"],
        l1_ratio=params["l1_ratio"],
        max_iter=params["epochs"],
        tol=None,
        average=params["average"],
        random_state=0,
    )
    model.fit(products.fit_transform(parts.train.x), parts.train.y)

    def rmse(part: Part) -> float:
        return float(np.sqrt(np.mean((model.predict(products.transform(part.x)) - part.y) ** 2)))

    return {"rmse": rmse(parts.valid), "test_rmse": rmse(parts.test)}
