"""10 to 50 % of the space fails, in part near the optimum.

A point that would need too much memory raises `MemoryError` before anything is allocated; the
limits are small, so that they lie within the ranges.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from optuna.trial import Trial
from sklearn.decomposition import PCA
from sklearn.feature_selection import SelectKBest
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LogisticRegression, SGDRegressor
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures

from crosstune.benchmarks.problems.kinds.boosting import SmallBooster
from crosstune.benchmarks.problems.kinds.data import classes, few_digits, friedman, wine
from crosstune.benchmarks.problems.kinds.definition import Definition, highest, lowest
from crosstune.benchmarks.problems.kinds.drawn import dip, normals, number, position
from crosstune.benchmarks.problems.kinds.estimators import bells
from crosstune.benchmarks.problems.kinds.scores import trained
from crosstune.benchmarks.problems.kinds.wide import column, many
from crosstune.benchmarks.problems.training.data import (
    Part,
    Parts,
    cancer,
    diabetes,
    on_one_thread,
)
from crosstune.space.parameters import Bool, Choice, Float, Int
from crosstune.space.space import Params, Space


def fit_in_memory(cells: float, limit: float) -> None:
    """Refuse what is too large.

    Raises:
        MemoryError: `cells` exceed the limit.
    """
    if cells > limit:
        raise MemoryError(f"{cells:,.0f} cells, more than the {limit:,.0f} that fit into memory")


@on_one_thread
def digits_memory(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """Kernel features of images in a batch: too many of both do not fit; more are better.

    Raises:
        MemoryError: the features of a batch are too large.
    """
    p: Any = params
    fit_in_memory(p["components"] * p["batch"], 8_000)
    features = Nystroem(gamma=p["gamma"], n_components=p["components"], random_state=0)
    classifier = LogisticRegression(C=p["C"], max_iter=2 + p["batch"] // 8)
    return trained(make_pipeline(features, classifier), few_digits(), "brier")


@on_one_thread
def cancer_components(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """More components than features fail, and so does a neighbourhood larger than a bag.

    Raises:
        ValueError: by scikit-learn, if the steps do not fit.
    """
    p: Any = params
    rows = slice(0, round(p["share"] * len(cancer().train.y)))
    train = cancer().train
    bag = Part(train.rows[rows], train.x[rows], train.y[rows])
    model = make_pipeline(
        SelectKBest(k=p["features"]),
        PCA(p["components"], whiten=p["whiten"], svd_solver="full"),
        KNeighborsClassifier(p["n_neighbors"], weights="distance"),
    )
    return trained(model, Parts(bag, cancer().valid, cancer().test), "brier")


@on_one_thread
def diabetes_diverged(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """Gradient descent on products of features, best not far below the rate where it diverges.

    Raises:
        FloatingPointError: it has diverged.
    """
    p: Any = params
    descent = SGDRegressor(
        eta0=p["eta0"],
        learning_rate=p["schedule"],
        alpha=p["alpha"],
        max_iter=p["epochs"],
        tol=None,
        random_state=0,
    )
    model = make_pipeline(PolynomialFeatures(p["degree"], include_bias=False), descent)
    try:
        scores = trained(model, diabetes(), "rmse")
    except ValueError as error:  # by scikit-learn, if a coefficient is infinite
        raise FloatingPointError("the coefficients are infinite") from error
    if not max(scores.values()) < 200:
        raise FloatingPointError(f"diverged: rmse = {scores['rmse']:.3g}")
    return scores


@on_one_thread
def friedman_trees(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """Boosted trees, whose leaves have to fit into memory; the best have almost as many.

    Raises:
        MemoryError: the trees have too many leaves.
    """
    p: Any = params
    fit_in_memory(p["rounds"] * p["max_leaf_nodes"], 240)
    tree = {name: p[name] for name in ("max_leaf_nodes", "min_samples_leaf")}
    return trained(SmallBooster(p["rounds"], p["rate"], tree), friedman(), "r2")


@on_one_thread
def classes_folds(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """A model of few rows by nearest neighbours, of which there have to be enough.

    Raises:
        ValueError: by scikit-learn, if a sample has fewer rows than neighbours.
    """
    p: Any = params
    train = classes().train
    size = round(p["share"] * len(train.y) / p["folds"])
    rows = np.random.default_rng(p["folds"]).permutation(len(train.y))[:size]
    sample = Part(train.rows[rows], train.x[rows], train.y[rows])
    model = KNeighborsClassifier(p["n_neighbors"], weights=bells(p["width"]), p=p["power"])
    return trained(model, Parts(sample, classes().valid, classes().test), "auc")


@on_one_thread
def wine_solver(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """A logistic regression; some solvers do not know some penalties.

    Raises:
        ValueError: the solver and the penalty do not fit.
    """
    p: Any = params
    allowed = {"lbfgs": ("l2",), "newton-cg": ("l2",), "saga": ("l2", "l1", "elasticnet")}
    if p["penalty"] not in allowed[p["solver"]]:
        raise ValueError(f"{p['solver']} does not know the penalty {p['penalty']}")
    ratio = {"l2": 0.0, "l1": 1.0}.get(p["penalty"], p.get("l1_ratio"))
    model = LogisticRegression(
        solver=p["solver"], l1_ratio=ratio, C=p["C"], max_iter=p["steps"], random_state=0
    )
    model.set_params(fit_intercept=p["intercept"])
    return trained(model, wine(), "log_loss")


def drawn_holes(params: Params, trial: Trial | None = None) -> float:
    """Four numbers; 25 balls fail, one of which touches the optimum.

    Raises:
        RuntimeError: the point is in a ball.
    """
    x = column(params, "x", 4)
    best = np.array([0.2, 0.75, 0.35, 0.8])
    centers = np.vstack([best + 0.15 * np.array([1, -0.5, 1, -1]), 0.5 + 0.3 * normals(71, 24, 4)])
    radii = np.concatenate([[0.24], 0.15 + 0.14 * np.abs(normals(72, 24))])
    if (((x - centers) ** 2).sum(1) < radii**2).any():
        raise RuntimeError("the simulation did not converge")
    wave = 0.15 * np.sin(9 * (x - best)) ** 2
    return float(((x - best) ** 2 + wave).sum())


def drawn_border(params: Params, trial: Trial | None = None) -> float:
    """Speed by batch, width and depth: the best point lies at the limit of the memory.

    Raises:
        MemoryError: batch, width and depth are too large together.
    """
    batch, width, depth = (number(params, name) for name in ("batch", "width", "depth"))
    factor = 0.5 if params["half"] else 1.0
    fit_in_memory(factor * batch * (width * depth + 300), 250_000)
    rate = position(number(params, "rate"), 1e-5, 1e-1, log=True)
    size = position(batch, 8, 1024, log=True)
    score = 40 + 18 * position(width, 16, 1024, log=True) + 4 * depth / (1 + depth / 4)
    score += 12 * size - 25 * dip(rate, 0.35 + 0.3 * size, 0.15)
    return score - (3 if params["half"] else 0)


PROBLEMS = {
    "digits-memory": Definition(
        Space(
            {
                "components": Int(10, 200, log=True),
                "batch": Int(8, 256, log=True),
                "gamma": Float(1e-4, 1.0, log=True),
                "C": Float(1e-2, 1e4, log=True),
            }
        ),
        lowest("brier"),
        digits_memory,
    ),
    "cancer-components": Definition(
        Space(
            {
                "features": Int(1, 30),
                "components": Int(1, 12),
                "whiten": Bool(),
                "share": Float(0.05, 1.0, log=True),
                "n_neighbors": Int(2, 60, log=True),
            }
        ),
        lowest("brier"),
        cancer_components,
    ),
    "diabetes-diverged": Definition(
        Space(
            {
                "degree": Int(1, 2),
                "eta0": Float(1e-5, 0.3, log=True),
                "schedule": Choice(["constant", "invscaling"]),
                "alpha": Float(1e-5, 10.0, log=True),
                "epochs": Int(2, 60, log=True),
            }
        ),
        lowest("rmse"),
        diabetes_diverged,
    ),
    "friedman-trees": Definition(
        Space(
            {
                "rounds": Int(2, 50, log=True),
                "rate": Float(0.01, 1.0, log=True),
                "max_leaf_nodes": Int(2, 32, log=True),
                "min_samples_leaf": Int(1, 30, log=True),
            }
        ),
        highest("r2"),
        friedman_trees,
    ),
    "classes-folds": Definition(
        Space(
            {
                "folds": Int(1, 10),
                "share": Float(0.1, 1.0),
                "n_neighbors": Int(1, 100, log=True),
                "width": Float(0.1, 10.0, log=True),
                "power": Float(1.0, 3.0),
            }
        ),
        highest("auc"),
        classes_folds,
    ),
    "wine-solver": Definition(
        Space(
            {
                "solver": Choice(["lbfgs", "newton-cg", "saga"]),
                "penalty": Choice(["l2", "l1", "elasticnet"]),
                "l1_ratio": Float(0.0, 1.0, when={"penalty": "elasticnet"}),
                "C": Float(1e-2, 1e4, log=True),
                "steps": Int(2, 60, log=True),
                "intercept": Bool(),
            }
        ),
        lowest("log_loss"),
        wine_solver,
    ),
    "drawn-holes": Definition(Space(many("x", 4, Float(0.0, 1.0))), lowest("value"), drawn_holes),
    "drawn-border": Definition(
        Space(
            {
                "batch": Int(8, 1024, log=True),
                "width": Int(16, 1024, log=True),
                "depth": Int(1, 12),
                "rate": Float(1e-5, 1e-1, log=True),
                "half": Bool(),
            }
        ),
        highest("value"),
        drawn_border,
    ),
}
