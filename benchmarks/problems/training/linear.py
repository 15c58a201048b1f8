"""Linear models and a support vector machine, each hard to tune in a way of its own.

- The kernel of the support vector machine decides which parameters are active.
- The error of gradient descent explodes at too high a rate: the objective has a heavy tail.
- A pipeline fails in a part of its space, where its steps do not fit.
"""

from __future__ import annotations

import warnings

import numpy as np
from optuna.trial import Trial
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression, SGDRegressor
from sklearn.metrics import hinge_loss, log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures
from sklearn.svm import SVC

from crosstune.benchmarks.problems.training.data import Part, cancer, diabetes, on_one_thread
from crosstune.space.parameters import Bool, Choice, Float, Int
from crosstune.space.space import Params, Space
from crosstune.spec.measures import Metric

SVM = Metric(name="hinge", direction="minimize")
"""The mean of max(0, 1 - margin): finer than the error rate, which has many ties here."""

SVM_SPACE = Space(
    {
        "C": Float(1e-3, 1e3, log=True),
        "kernel": Choice(["linear", "rbf", "poly", "sigmoid"]),
        "gamma": Float(1e-5, 1.0, log=True, when={"kernel": ["rbf", "poly", "sigmoid"]}),
        "degree": Int(2, 5, when={"kernel": "poly"}),
        "coef0": Float(-1.0, 1.0, when={"kernel": ["poly", "sigmoid"]}),
    }
)

STEPS = 20_000
"""The largest number of steps of the solver: a bad kernel does not converge."""


@on_one_thread
def classify_by_svm(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """`hinge` and `test_hinge`, without noise."""
    parts = cancer()
    model = SVC(**params, max_iter=STEPS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(parts.train.x, parts.train.y)

    def hinge(part: Part) -> float:
        return float(hinge_loss(part.y, model.decision_function(part.x)))

    return {"hinge": hinge(parts.valid), "test_hinge": hinge(parts.test)}


EXPLOSIVE = Metric(name="rmse", direction="minimize")
"""In units of the target, whose standard deviation is 77; finite, from about 55 to 1e15."""

EXPLOSIVE_SPACE = Space(
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
def descend(params: Params, trial: Trial | None = None) -> dict[str, float]:
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


FRAGILE = Metric(name="log_loss", direction="minimize")
"""In nats."""

FRAGILE_SPACE = Space(
    {
        "features": Int(1, 24),
        "components": Int(1, 8),
        "whiten": Bool(),
        "C": Float(1e-3, 1e3, log=True),
    }
)

FAILS = 28 / 192
"""The share of the space with more components than features, where it fails."""


@on_one_thread
def classify_components(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """`log_loss` and `test_log_loss`, without noise.

    Raises:
        ValueError: by scikit-learn, if `components` exceeds `features`.
    """
    parts = cancer()
    model = make_pipeline(
        SelectKBest(k=params["features"]),
        PCA(params["components"], whiten=params["whiten"], svd_solver="full"),
        LogisticRegression(C=params["C"], max_iter=2000),
    )
    model.fit(parts.train.x, parts.train.y)

    def loss(part: Part) -> float:
        return float(log_loss(part.y, model.predict_proba(part.x)))

    return {"log_loss": loss(parts.valid), "test_log_loss": loss(parts.test)}
