"""Problems for four trials at once: a match proposes and evaluates them in ordered batches of 4."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from optuna.trial import Trial
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import SplineTransformer
from sklearn.svm import SVR

from crosstune.benchmarks.problems.kinds.boosting import SmallBooster
from crosstune.benchmarks.problems.kinds.data import classes, few_digits, friedman, wine
from crosstune.benchmarks.problems.kinds.definition import Definition, highest, lowest
from crosstune.benchmarks.problems.kinds.drawn import dip, number, position
from crosstune.benchmarks.problems.kinds.estimators import KernelClassifier, KernelSmoother
from crosstune.benchmarks.problems.kinds.scores import trained
from crosstune.benchmarks.problems.kinds.switches import of_columns, switched_on, with_cost
from crosstune.benchmarks.problems.kinds.wide import column, many
from crosstune.benchmarks.problems.training.data import cancer, diabetes, on_one_thread
from crosstune.space.parameters import Bool, Choice, Float, Int
from crosstune.space.space import Params, Space

BATCH = 4


@on_one_thread
def digits_kernel(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """A kernel classifier that weights the margin of the image differently."""
    row = np.array([number(params, "margin"), 1, 1, 1, 1, 1, 1, number(params, "margin")])
    scales = np.outer(row * number(params, "rows"), row).ravel()
    model = KernelClassifier(scales, number(params, "gamma"), number(params, "alpha"))
    return trained(model, few_digits(), "brier")


@on_one_thread
def cancer_network(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """A network of one or two layers."""
    p: Any = params
    model = MLPClassifier(
        (p["width"],) * p["layers"],
        activation=p["activation"],
        learning_rate_init=p["rate"],
        alpha=p["alpha"],
        beta_1=p["beta_1"],
        batch_size=64,
        max_iter=10,
        random_state=0,
    )
    return trained(model, cancer(), "log_loss")


@on_one_thread
def diabetes_boosting(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """Boosted trees with six numbers."""
    p: Any = params
    tree = {name: p[name] for name in ("max_depth", "min_samples_leaf", "max_features")}
    model = SmallBooster(p["rounds"], p["rate"], tree, subsample=p["subsample"])
    return trained(model, diabetes(), "mae")


@on_one_thread
def friedman_branches(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """A machine, splines or a small forest."""
    p: Any = params
    if p["model"] == "machine":
        model: Any = SVR(C=p["C"], gamma=p["gamma"], epsilon=p["epsilon"], max_iter=10_000)
    elif p["model"] == "splines":
        model = make_pipeline(SplineTransformer(p["knots"]), Ridge(p["alpha"]))
    else:
        model = ExtraTreesRegressor(
            12, max_features=p["max_features"], min_samples_split=p["split"], random_state=0
        )
    return trained(model, friedman(), "r2")


@on_one_thread
def wine_smoother(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """The scale of each of 13 columns in a distance."""
    scales = column(params, "scale_", 13)
    return trained(KernelSmoother(scales), wine(), "brier")


@on_one_thread
def classes_columns(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """16 columns that can be left out, each at a price, and a penalty."""
    on = switched_on(params, 16)
    model = LogisticRegression(C=number(params, "C"))
    scores = trained(model, of_columns(classes(), on), "log_loss")
    return with_cost(scores, 0.002 * on.sum())


def drawn_valley(params: Params, trial: Trial | None = None) -> float:
    """Six numbers in a curved valley with ripples."""
    x = column(params, "x", 6)
    steps = 100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2
    return float(np.log1p(steps.sum()) + 0.2 * (np.sin(8 * (x - 1)) ** 2).sum())


def drawn_peaks(params: Params, trial: Trial | None = None) -> float:
    """Three peaks of three numbers and a method; the highest is the narrowest."""
    rate = position(number(params, "rate"), 1e-6, 1.0, log=True)
    size, share = position(number(params, "size"), 1, 1000, log=True), number(params, "share")
    peaks = (
        *(("a", 10.0, 0.25, (0.3, 0.4, 0.7)), ("b", 14.0, 0.15, (0.7, 0.8, 0.2))),
        ("c", 12.0, 0.2, (0.85, 0.25, 0.9)),
    )
    score = 0.0
    for method, height, width, place in peaks:
        distances = [dip(x, at, width) for x, at in zip((rate, size, share), place, strict=True)]
        weight = 1.0 if params["method"] == method else 0.4
        score += weight * height * float(np.prod([1 - d for d in distances]))
    return score + 0.5 * size


PROBLEMS = {
    "digits-kernel": Definition(
        Space(
            {
                "gamma": Float(1e-4, 1.0, log=True),
                "alpha": Float(1e-4, 1e2, log=True),
                "margin": Float(0.0, 3.0),
                "rows": Float(0.3, 3.0, log=True),
            }
        ),
        lowest("brier"),
        digits_kernel,
    ),
    "cancer-network": Definition(
        Space(
            {
                "layers": Int(1, 2),
                "width": Int(2, 64, log=True),
                "activation": Choice(["relu", "tanh", "logistic"]),
                "rate": Float(1e-5, 1.0, log=True),
                "alpha": Float(1e-5, 10.0, log=True),
                "beta_1": Float(0.0, 0.99),
            }
        ),
        lowest("log_loss"),
        cancer_network,
    ),
    "diabetes-boosting": Definition(
        Space(
            {
                "rounds": Int(2, 40, log=True),
                "rate": Float(0.01, 1.0, log=True),
                "max_depth": Int(1, 8),
                "min_samples_leaf": Int(1, 60, log=True),
                "max_features": Float(0.1, 1.0),
                "subsample": Float(0.2, 1.0),
            }
        ),
        lowest("mae"),
        diabetes_boosting,
    ),
    "friedman-branches": Definition(
        Space(
            {
                "model": Choice(["machine", "splines", "forest"]),
                "C": Float(1e-3, 1e3, log=True, when={"model": "machine"}),
                "gamma": Float(1e-4, 10.0, log=True, when={"model": "machine"}),
                "epsilon": Float(1e-2, 3.0, log=True, when={"model": "machine"}),
                "knots": Int(2, 25, log=True, when={"model": "splines"}),
                "alpha": Float(1e-4, 1e3, log=True, when={"model": "splines"}),
                "max_features": Float(0.05, 1.0, when={"model": "forest"}),
                "split": Float(0.01, 0.5, log=True, when={"model": "forest"}),
            }
        ),
        highest("r2"),
        friedman_branches,
    ),
    "wine-smoother": Definition(
        Space(many("scale_", 13, Float(0.01, 3.0, log=True))), lowest("brier"), wine_smoother
    ),
    "classes-columns": Definition(
        Space(many("use_", 16, Bool()) | {"C": Float(1e-4, 1e2, log=True)}),
        lowest("log_loss"),
        classes_columns,
    ),
    "drawn-valley": Definition(
        Space(many("x", 6, Float(-3.0, 1.5))), lowest("value"), drawn_valley, optimum=0.0
    ),
    "drawn-peaks": Definition(
        Space(
            {
                "method": Choice(["a", "b", "c"]),
                "rate": Float(1e-6, 1.0, log=True),
                "size": Int(1, 1000, log=True),
                "share": Float(0.0, 1.0),
            }
        ),
        highest("value"),
        drawn_peaks,
    ),
}
PROBLEMS = {name: replace(item, batch=BATCH) for name, item in PROBLEMS.items()}
