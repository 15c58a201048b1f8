"""20 to 40 on/off switches, each with a cost, such as the columns that a model may use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from optuna.trial import Trial
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer, QuantileTransformer

from crosstune.benchmarks.problems.kinds.data import few_digits, many_classes, wine
from crosstune.benchmarks.problems.kinds.definition import Definition, highest, lowest
from crosstune.benchmarks.problems.kinds.drawn import normals
from crosstune.benchmarks.problems.kinds.estimators import ColumnRidge
from crosstune.benchmarks.problems.kinds.scores import trained
from crosstune.benchmarks.problems.kinds.wide import many, products
from crosstune.benchmarks.problems.training.data import Part, Parts, cancer, on_one_thread
from crosstune.space.parameters import Bool
from crosstune.space.space import Params, Space

Switches = NDArray[np.bool_]


def switched_on(params: Params, count: int) -> Switches:
    """Whether `use_0` and so on are on, shape (count,)."""
    return np.array([bool(params[f"use_{i}"]) for i in range(count)])


def of_columns(parts: Parts, columns: Switches) -> Parts:
    """The data with some of their columns; if there is none, with one that tells nothing."""

    def chosen(part: Part) -> Part:
        if columns.any():
            return replace(part, x=part.x[:, columns])
        return replace(part, x=(np.arange(len(part.y)) % 2)[:, None].astype(np.float64))

    return Parts(chosen(parts.train), chosen(parts.valid), chosen(parts.test))


def with_cost(scores: dict[str, float], cost: float) -> dict[str, float]:
    """Metrics to minimise, with the cost added."""
    return {name: float(value + cost) for name, value in scores.items()}


@on_one_thread
def cancer_columns(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """Discriminant analysis on some of 30 columns, each of which costs 0.004."""
    on = switched_on(params, 30)
    model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.01)
    return with_cost(trained(model, of_columns(cancer(), on), "log_loss"), 0.004 * on.sum())


@on_one_thread
def diabetes_products(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """Least squares on some of 40 products of features, each of which costs 0.1 units."""
    on = switched_on(params, 40)
    parts = of_columns(products(), on)
    model = ColumnRidge(np.full(parts.train.x.shape[1], 0.1))
    return with_cost(trained(model, parts, "rmse"), 0.1 * on.sum())


@on_one_thread
def digits_patches(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """The neighbours of an image by some of its 32 pairs of pixels; an error is worth two pairs."""
    on = switched_on(params, 32)
    parts = of_columns(few_digits(), np.repeat(on, 2))
    return with_cost(trained(KNeighborsClassifier(3), parts, "errors"), 0.5 * on.sum())


@on_one_thread
def classes_bayes(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """Naive Bayes on some of 24 columns, of which many repeat others, at prices of their own."""
    on = switched_on(params, 24)
    prices = 0.002 + 0.006 * (np.arange(24) % 5 == 0)
    return with_cost(
        trained(GaussianNB(), of_columns(many_classes(), on), "log_loss"), float(prices @ on)
    )


@on_one_thread
def wine_steps(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """13 columns and seven options of a pipeline, each of which costs time."""
    on = switched_on(params, 20)
    options = on[13:]
    steps: list[Any] = []
    if options[0]:
        steps += [QuantileTransformer(n_quantiles=30)]
    if options[1]:
        steps += [Normalizer()]
    if options[2]:
        steps += [LinearDiscriminantAnalysis()]
    steps += [
        LogisticRegression(
            C=(10.0 if options[3] else 1.0) * (0.01 if options[4] else 1.0),
            class_weight="balanced" if options[5] else None,
            fit_intercept=bool(options[6]),
            max_iter=30,
        )
    ]
    prices = np.array([0.01] * 13 + [0.03, 0.01, 0.06, 0.0, 0.0, 0.01, 0.005])
    scores = trained(make_pipeline(*steps), of_columns(wine(), on[:13]), "log_loss")
    return with_cost(scores, float(prices @ on))


def drawn_knapsack(params: Params, trial: Trial | None = None) -> float:
    """30 things with a weight; some pairs are worth more together, too much weight costs."""
    on = switched_on(params, 30).astype(float)
    worth, weight = np.exp(0.6 * normals(31, 30)), np.exp(0.6 * normals(32, 30))
    pairs = np.triu(normals(33, 30, 30) * (np.abs(normals(34, 30, 30)) > 1.6), 1)
    excess = max(0.0, float(weight @ on) - 0.35 * float(weight.sum()))
    return float(worth @ on + on @ pairs @ on) - 2.5 * excess


def drawn_clauses(params: Params, trial: Trial | None = None) -> float:
    """The weight of 110 clauses of three that are not met by 25 switches, and their cost."""
    on = switched_on(params, 25)
    rng = np.random.default_rng(41)
    variables = np.stack([rng.choice(25, 3, replace=False) for _ in range(110)])
    met = (on[variables] == (rng.random((110, 3)) < 0.5)).any(1)
    return float(rng.integers(1, 10, 110) @ ~met) + 0.4 * float(on.sum())


def drawn_cut(params: Params, trial: Trial | None = None) -> float:
    """The weight of the edges between the on and the off ones of 36 nodes, less a cost of on."""
    on = switched_on(params, 36)
    edges = np.triu(np.exp(0.5 * normals(51, 36, 36)) * (np.abs(normals(52, 36, 36)) > 1.3), 1)
    return float(edges[on[:, None] != on[None, :]].sum()) - 1.5 * float(on.sum())


def _switches(count: int) -> Space:
    return Space(many("use_", count, Bool()))


_LOSSES: dict[str, tuple[int, str, Callable[..., Any]]] = {
    "cancer-columns": (30, "log_loss", cancer_columns),
    "diabetes-products": (40, "rmse", diabetes_products),
    "digits-patches": (32, "errors", digits_patches),
    "classes-bayes": (24, "log_loss", classes_bayes),
    "wine-steps": (20, "log_loss", wine_steps),
    "drawn-clauses": (25, "value", drawn_clauses),
}

PROBLEMS = {
    name: Definition(_switches(count), lowest(metric), score)
    for name, (count, metric, score) in _LOSSES.items()
} | {
    "drawn-knapsack": Definition(_switches(30), highest("value"), drawn_knapsack),
    "drawn-cut": Definition(_switches(36), highest("value"), drawn_cut),
}
