"""Two to four branches; most parameters exist in one branch only."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from optuna.trial import Trial
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.feature_selection import SelectKBest, f_classif, mutual_info_classif
from sklearn.kernel_approximation import Nystroem
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import ElasticNet, LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    MinMaxScaler,
    PolynomialFeatures,
    QuantileTransformer,
    SplineTransformer,
    StandardScaler,
)
from sklearn.tree import DecisionTreeRegressor

from crosstune.benchmarks.problems.kinds.boosting import SmallBooster
from crosstune.benchmarks.problems.kinds.branches import drawn_decoys, drawn_lopsided
from crosstune.benchmarks.problems.kinds.data import classes, few_digits, friedman, wine
from crosstune.benchmarks.problems.kinds.definition import Definition, highest, lowest
from crosstune.benchmarks.problems.kinds.estimators import bells
from crosstune.benchmarks.problems.kinds.scores import trained
from crosstune.benchmarks.problems.training.data import cancer, diabetes, on_one_thread
from crosstune.space.parameters import Bool, Choice, Float, Int
from crosstune.space.space import Params, Space

TREE = ("max_depth", "min_samples_leaf", "max_features")


def of(params: Params, names: Sequence[str]) -> dict[str, Any]:
    """Those of the parameters that are active."""
    return {name: params[name] for name in names if name in params}


@on_one_thread
def digits_pipeline(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """Scaling, reduction and one of three classifiers."""
    p: Any = params
    steps: list[Any] = []
    if p["scaler"] != "none":
        steps += [StandardScaler() if p["scaler"] == "standard" else MinMaxScaler()]
    if p["reducer"] == "pca":
        steps += [PCA(p["components"], whiten=p["whiten"], svd_solver="full")]
    if p["classifier"] == "logistic":
        steps += [LogisticRegression(C=p["C"], max_iter=60)]
    elif p["classifier"] == "discriminant":
        steps += [LinearDiscriminantAnalysis(solver="lsqr", shrinkage=p["shrinkage"])]
    else:
        steps += [KNeighborsClassifier(p["n_neighbors"], weights=bells(p["width"]))]
    return trained(make_pipeline(*steps), few_digits(), "brier")


@on_one_thread
def cancer_two(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """Boosted trees, which have six parameters, or a kernel ridge, which has two."""
    p: Any = params
    if p["model"] == "ridge":
        ridge = KernelRidge(alpha=p["alpha"], kernel="rbf", gamma=p["gamma"])
        return trained(ridge, cancer(), "r2")
    trees = SmallBooster(p["rounds"], p["rate"], of(p, TREE), subsample=p["subsample"])
    return trained(trees, cancer(), "r2")


@on_one_thread
def diabetes_four(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """Four families of regression with two or three parameters of their own."""
    p: Any = params
    models = {
        "net": lambda: make_pipeline(
            PolynomialFeatures(2, include_bias=False),
            ElasticNet(alpha=p["alpha"], l1_ratio=p["l1_ratio"], max_iter=100),
        ),
        "kernel": lambda: KernelRidge(alpha=p["ridge"], kernel=p["kernel"], gamma=p["gamma"]),
        "neighbours": lambda: KNeighborsRegressor(p["n_neighbors"], p=p["power"]),
        "tree": lambda: DecisionTreeRegressor(**of(p, TREE), random_state=0),
    }
    return trained(models[p["model"]](), diabetes(), "rmse")


@on_one_thread
def friedman_features(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """A ridge regression on one of four kinds of features."""
    p: Any = params
    features = {
        "plain": lambda: StandardScaler(),
        "products": lambda: PolynomialFeatures(p["degree"], interaction_only=p["only_products"]),
        "splines": lambda: SplineTransformer(p["knots"], degree=p["order"], knots=p["placing"]),
        "kernel": lambda: Nystroem(n_components=p["components"], gamma=p["gamma"], random_state=0),
    }
    model = make_pipeline(features[p["features"]](), Ridge(p["alpha"]))
    return trained(model, friedman(), "r2")


@on_one_thread
def wine_nested(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """A reduction that chooses its own score, before one of three classifiers."""
    p: Any = params
    steps: list[Any] = []
    if p["scaler"] == "quantile":
        steps += [QuantileTransformer(n_quantiles=p["quantiles"])]
    if p["reducer"] == "select":
        information = partial(mutual_info_classif, random_state=0)
        score = information if p["selection"] == "information" else f_classif
        steps += [SelectKBest(score, k=p["features"])]
    elif p["reducer"] == "pca":
        steps += [PCA(p["components"], whiten=p["whiten"])]
    if p["classifier"] == "bayes":
        steps += [GaussianNB(var_smoothing=p["smoothing"])]
    elif p["classifier"] == "logistic":
        steps += [LogisticRegression(C=p["C"], class_weight=p["class_weight"], max_iter=60)]
    else:
        priors = np.full(3, 1 / 3) if p["equal_priors"] else None
        steps += [QuadraticDiscriminantAnalysis(priors=priors, reg_param=p["shrinkage"])]
    return trained(make_pipeline(*steps), wine(), "log_loss")


@on_one_thread
def classes_forest(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """A small forest, or a machine whose kernel opens parameters of its own."""
    p: Any = params
    if p["model"] == "forest":
        options = ("max_features", "min_samples_leaf", "bootstrap", "max_samples")
        forest = ExtraTreesClassifier(10, **of(p, options), random_state=0)
        return trained(forest, classes(), "log_loss")
    machine = Nystroem(p["kernel"], gamma=p["gamma"], n_components=60, random_state=0)
    machine.set_params(degree=p.get("degree"), coef0=p.get("coef0"))
    model = make_pipeline(machine, LogisticRegression(C=p["C"], max_iter=60))
    return trained(model, classes(), "log_loss")


FOREST = {"model": "forest"}

PROBLEMS = {
    "digits-pipeline": Definition(
        Space(
            {
                "scaler": Choice(["none", "standard", "minmax"]),
                "reducer": Choice(["none", "pca"]),
                "components": Int(2, 40, log=True, when={"reducer": "pca"}),
                "whiten": Bool(when={"reducer": "pca"}),
                "classifier": Choice(["logistic", "discriminant", "neighbours"]),
                "C": Float(1e-4, 1e2, log=True, when={"classifier": "logistic"}),
                "shrinkage": Float(1e-3, 1.0, log=True, when={"classifier": "discriminant"}),
                "n_neighbors": Int(1, 40, log=True, when={"classifier": "neighbours"}),
                "width": Float(0.1, 100.0, log=True, when={"classifier": "neighbours"}),
            }
        ),
        lowest("brier"),
        digits_pipeline,
    ),
    "cancer-two": Definition(
        Space(
            {
                "model": Choice(["trees", "ridge"]),
                "rounds": Int(2, 30, log=True, when={"model": "trees"}),
                "rate": Float(0.01, 1.0, log=True, when={"model": "trees"}),
                "max_depth": Int(1, 8, when={"model": "trees"}),
                "min_samples_leaf": Int(1, 50, log=True, when={"model": "trees"}),
                "max_features": Float(0.05, 1.0, when={"model": "trees"}),
                "subsample": Float(0.2, 1.0, when={"model": "trees"}),
                "alpha": Float(1e-4, 1e3, log=True, when={"model": "ridge"}),
                "gamma": Float(1e-5, 10.0, log=True, when={"model": "ridge"}),
            }
        ),
        highest("r2"),
        cancer_two,
    ),
    "diabetes-four": Definition(
        Space(
            {
                "model": Choice(["net", "kernel", "neighbours", "tree"]),
                "alpha": Float(1e-3, 1e2, log=True, when={"model": "net"}),
                "l1_ratio": Float(0.0, 1.0, when={"model": "net"}),
                "ridge": Float(1e-4, 1e2, log=True, when={"model": "kernel"}),
                "kernel": Choice(["rbf", "laplacian"], when={"model": "kernel"}),
                "gamma": Float(1e-5, 1.0, log=True, when={"model": "kernel"}),
                "n_neighbors": Int(1, 60, log=True, when={"model": "neighbours"}),
                "power": Float(1.0, 4.0, when={"model": "neighbours"}),
                "max_depth": Int(1, 12, when={"model": "tree"}),
                "min_samples_leaf": Int(1, 40, log=True, when={"model": "tree"}),
                "max_features": Float(0.1, 1.0, when={"model": "tree"}),
            }
        ),
        lowest("rmse"),
        diabetes_four,
    ),
    "friedman-features": Definition(
        Space(
            {
                "alpha": Float(1e-4, 1e3, log=True),
                "features": Choice(["plain", "products", "splines", "kernel"]),
                "degree": Int(2, 3, when={"features": "products"}),
                "only_products": Bool(when={"features": "products"}),
                "knots": Int(3, 20, log=True, when={"features": "splines"}),
                "order": Int(1, 4, when={"features": "splines"}),
                "placing": Choice(["uniform", "quantile"], when={"features": "splines"}),
                "components": Int(5, 150, log=True, when={"features": "kernel"}),
                "gamma": Float(1e-4, 10.0, log=True, when={"features": "kernel"}),
            }
        ),
        highest("r2"),
        friedman_features,
    ),
    "wine-nested": Definition(
        Space(
            {
                "scaler": Choice(["standard", "quantile"]),
                "quantiles": Int(5, 70, log=True, when={"scaler": "quantile"}),
                "reducer": Choice(["none", "select", "pca"]),
                "selection": Choice(["variance", "information"], when={"reducer": "select"}),
                "features": Int(1, 13, when={"reducer": "select"}),
                "components": Int(1, 13, when={"reducer": "pca"}),
                "whiten": Bool(when={"reducer": "pca"}),
                "classifier": Choice(["bayes", "logistic", "discriminant"]),
                "smoothing": Float(1e-9, 10.0, log=True, when={"classifier": "bayes"}),
                "C": Float(1e-3, 1e3, log=True, when={"classifier": "logistic"}),
                "class_weight": Choice([None, "balanced"], when={"classifier": "logistic"}),
                "shrinkage": Float(1e-4, 1.0, log=True, when={"classifier": "discriminant"}),
                "equal_priors": Bool(when={"classifier": "discriminant"}),
            }
        ),
        lowest("log_loss"),
        wine_nested,
    ),
    "classes-forest": Definition(
        Space(
            {
                "model": Choice(["forest", "machine"]),
                "max_features": Float(0.05, 1.0, when=FOREST),
                "min_samples_leaf": Int(1, 40, log=True, when=FOREST),
                "bootstrap": Bool(when=FOREST),
                "max_samples": Float(0.1, 1.0, when={"bootstrap": True}),
                "C": Float(1e-3, 1e3, log=True, when={"model": "machine"}),
                "kernel": Choice(["rbf", "poly", "sigmoid"], when={"model": "machine"}),
                "gamma": Float(1e-4, 1.0, log=True, when={"model": "machine"}),
                "degree": Int(2, 5, when={"kernel": "poly"}),
                "coef0": Float(-1.0, 1.0, when={"kernel": ["poly", "sigmoid"]}),
            }
        ),
        lowest("log_loss"),
        classes_forest,
    ),
    "drawn-lopsided": Definition(
        Space(
            {
                "branch": Choice(["one", "two", "four", "eight"]),
                **{
                    f"{branch}_{i}": Float(1e-4, 10.0, log=True, when={"branch": branch})
                    for branch, size in (("one", 1), ("two", 2), ("four", 4), ("eight", 8))
                    for i in range(size)
                },
            }
        ),
        lowest("value"),
        drawn_lopsided,
        optimum=0.0,
    ),
    "drawn-decoys": Definition(
        Space(
            {
                "method": Choice(["smooth", "narrow", "stepped"]),
                "x": Float(0.0, 1.0),
                "rate": Float(1e-5, 1e-1, log=True),
                "smooth_z": Float(0.0, 1.0, when={"method": "smooth"}),
                "narrow_z": Float(0.0, 1.0, when={"method": "narrow"}),
                "steps": Int(1, 100, log=True, when={"method": "stepped"}),
                "restart": Bool(when={"method": "stepped"}),
            }
        ),
        highest("value"),
        drawn_decoys,
        optimum=84.0,
    ),
}
