"""Metrics that are counts or rounded, so that many points tie."""

from __future__ import annotations

from typing import Any

import numpy as np
from optuna.trial import Trial
from sklearn.linear_model import RidgeClassifier, SGDRegressor
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier

from crosstune.benchmarks.problems.kinds.data import (
    blurred_iris,
    classes,
    few_digits,
    friedman,
    wine,
)
from crosstune.benchmarks.problems.kinds.definition import Definition, highest, lowest
from crosstune.benchmarks.problems.kinds.drawn import normals
from crosstune.benchmarks.problems.kinds.scores import trained
from crosstune.benchmarks.problems.kinds.wide import column, many
from crosstune.benchmarks.problems.training.data import (
    Part,
    Parts,
    cancer,
    diabetes,
    on_one_thread,
)
from crosstune.space.parameters import Choice, Float, Int
from crosstune.space.space import Params, Space


def few(parts: Parts, rows: int, train: int | None = None) -> Parts:
    """The same data with fewer rows.

    Args:
        parts: the data.
        rows: how many to keep for validation, and for the test.
        train: how many to keep for training; None for all.
    """

    def first(part: Part, count: int | None) -> Part:
        return Part(part.rows[:count], part.x[:count], part.y[:count])

    return Parts(first(parts.train, train), first(parts.valid, rows), first(parts.test, rows))


@on_one_thread
def iris_neighbours(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """Wrong ones of 37 flowers that were measured badly; each measure has a scale."""
    p: Any = params
    scales = column(params, "scale_", 4)
    model = KNeighborsClassifier(
        p["n_neighbors"],
        weights=p["weights"],
        metric="minkowski",
        p=p["power"],
        metric_params={"w": scales},
    )
    return trained(model, blurred_iris(), "errors")


@on_one_thread
def cancer_tree(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """Wrong ones of 100 tumours by one tree."""
    p: Any = params
    return trained(DecisionTreeClassifier(**p, random_state=0), few(cancer(), 100), "errors")


@on_one_thread
def digits_ridge(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """The right share of 60 images by a linear model of a sharpened image."""
    p: Any = params
    parts = few(few_digits(), 60)

    def sharpened(part: Part) -> Part:
        return Part(part.rows, np.maximum(part.x - p["threshold"], 0) ** p["power"], part.y)

    changed = Parts(sharpened(parts.train), sharpened(parts.valid), sharpened(parts.test))
    model = RidgeClassifier(p["alpha"], fit_intercept=p["intercept"] == "yes")
    return trained(model, changed, "accuracy")


@on_one_thread
def wine_machine(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """Wrong ones of 53 wines by a support vector machine of 24."""
    p: Any = params
    return trained(SVC(**p, max_iter=5_000), few(wine(), 53, train=24), "errors")


@on_one_thread
def classes_machine(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """The right share of 80 rows by a support vector machine with weighted classes."""
    p: Any = params
    model = SVC(C=p["C"], gamma=p["gamma"], class_weight={0: 1.0, 1: p["weight"]}, max_iter=5_000)
    model.set_params(kernel=p["kernel"])
    return trained(model, few(classes(), 80), "accuracy")


@on_one_thread
def diabetes_within(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """How many of 90 predictions are within 30 units of the truth."""
    p: Any = params
    parts = few(diabetes(), 90)
    descent = SGDRegressor(
        loss="huber",
        epsilon=p["epsilon"],
        eta0=p["eta0"],
        alpha=p["alpha"],
        max_iter=p["epochs"],
        tol=None,
        random_state=0,
    )
    model = make_pipeline(PolynomialFeatures(p["degree"], include_bias=False), descent)
    model.fit(parts.train.x, parts.train.y)

    def within(part: Part) -> float:
        return float((np.abs(model.predict(part.x) - part.y) < 30).sum())

    return {"within": within(parts.valid), "test_within": within(parts.test)}


@on_one_thread
def friedman_rounded(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """The error of a machine for regression, rounded to 0.2 units."""
    p: Any = params
    scores = trained(SVR(**p, max_iter=10_000), friedman(), "rmse")
    return {name: round(5 * value) / 5 for name, value in scores.items()}


def drawn_violations(params: Params, trial: Trial | None = None) -> float:
    """How many of 40 linear limits are violated by eight numbers; some contradict others."""
    x = column(params, "x", 8)
    limits = 0.3 * normals(62, 40)
    return float((normals(61, 40, 8) @ (x - 0.3) > limits).sum())


PROBLEMS = {
    "iris-neighbours": Definition(
        Space(
            {
                "n_neighbors": Int(1, 50, log=True),
                "weights": Choice(["uniform", "distance"]),
                "power": Float(1.0, 4.0),
                **many("scale_", 4, Float(0.01, 10.0, log=True)),
            }
        ),
        lowest("errors"),
        iris_neighbours,
    ),
    "cancer-tree": Definition(
        Space(
            {
                "criterion": Choice(["gini", "entropy"]),
                "max_depth": Int(1, 15),
                "min_samples_leaf": Int(1, 60, log=True),
                "max_features": Float(0.05, 1.0),
                "ccp_alpha": Float(1e-5, 0.1, log=True),
            }
        ),
        lowest("errors"),
        cancer_tree,
    ),
    "digits-ridge": Definition(
        Space(
            {
                "alpha": Float(1e-4, 1e4, log=True),
                "power": Float(0.2, 5.0, log=True),
                "threshold": Float(0.0, 0.9),
                "intercept": Choice(["yes", "no"]),
            }
        ),
        highest("accuracy"),
        digits_ridge,
    ),
    "wine-machine": Definition(
        Space(
            {
                "C": Float(1e-4, 1e2, log=True),
                "kernel": Choice(["rbf", "poly", "sigmoid"]),
                "gamma": Float(1e-4, 10.0, log=True),
                "coef0": Float(-2.0, 2.0, when={"kernel": ["poly", "sigmoid"]}),
            }
        ),
        lowest("errors"),
        wine_machine,
    ),
    "classes-machine": Definition(
        Space(
            {
                "C": Float(1e-3, 1e2, log=True),
                "kernel": Choice(["rbf", "poly", "linear"]),
                "gamma": Float(1e-4, 10.0, log=True),
                "weight": Float(0.2, 50.0, log=True),
            }
        ),
        highest("accuracy"),
        classes_machine,
    ),
    "diabetes-within": Definition(
        Space(
            {
                "degree": Int(1, 2),
                "epsilon": Float(0.1, 100.0, log=True),
                "eta0": Float(1e-4, 1.0, log=True),
                "alpha": Float(1e-6, 10.0, log=True),
                "epochs": Int(2, 60, log=True),
            }
        ),
        highest("within"),
        diabetes_within,
    ),
    "friedman-rounded": Definition(
        Space(
            {
                "C": Float(1e-2, 1e3, log=True),
                "gamma": Float(1e-4, 10.0, log=True),
                "epsilon": Float(0.01, 5.0, log=True),
            }
        ),
        lowest("rmse"),
        friedman_rounded,
    ),
    "drawn-violations": Definition(
        Space(many("x", 8, Float(-1.0, 1.0))), lowest("value"), drawn_violations
    ),
}
