"""Integers, ordered choices and logarithmic ranges that are best at an end."""

from __future__ import annotations

from typing import Any

import numpy as np
from optuna.trial import Trial
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression, SGDRegressor
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVR

from crosstune.benchmarks.problems.kinds.boosting import SmallBooster
from crosstune.benchmarks.problems.kinds.data import classes, few_digits, friedman, wine
from crosstune.benchmarks.problems.kinds.definition import Definition, highest, lowest
from crosstune.benchmarks.problems.kinds.drawn import number, position
from crosstune.benchmarks.problems.kinds.estimators import bells
from crosstune.benchmarks.problems.kinds.scores import trained
from crosstune.benchmarks.problems.training.data import Part, Parts, cancer, diabetes, on_one_thread
from crosstune.space.parameters import Bool, Choice, Float, Int
from crosstune.space.space import Params, Space


@on_one_thread
def digits_neighbours(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """Neighbours of coarse images: every pixel and a small width are best."""
    p: Any = params

    def coarse(part: Part) -> Part:
        x = np.round(part.x * p["levels"]) / p["levels"]
        return Part(part.rows, x[:, :: p["stride"]], part.y)

    parts = few_digits()
    changed = Parts(coarse(parts.train), coarse(parts.valid), coarse(parts.test))
    model = KNeighborsClassifier(p["n_neighbors"], weights=bells(p["width"]))
    return trained(model, changed, "brier")


@on_one_thread
def cancer_logistic(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """A logistic regression: the least penalty and the most steps are best."""
    p: Any = params
    model = make_pipeline(
        SelectKBest(k=p["features"]),
        LogisticRegression(
            C=p["C"], class_weight={0: p["weight"], 1: 1.0}, max_iter=p["steps"], tol=p["tol"]
        ),
    )
    return trained(model, cancer(), "log_loss")


@on_one_thread
def diabetes_descent(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """Gradient descent: the highest rate and the least penalty are best."""
    p: Any = params
    model = SGDRegressor(
        learning_rate="constant",
        eta0=p["eta0"],
        alpha=p["alpha"],
        power_t=0.25,
        loss="huber",
        epsilon=p["epsilon"],
        max_iter=p["epochs"],
        tol=None,
        random_state=0,
    )
    return trained(model, diabetes(), "mae")


@on_one_thread
def friedman_machine(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """A machine for regression on rounded columns: high cost, low gamma and fine rounding."""
    p: Any = params

    def rounded(part: Part) -> Part:
        return Part(part.rows, np.round(part.x * p["digits"]) / p["digits"], part.y)

    parts = friedman()
    changed = Parts(rounded(parts.train), rounded(parts.valid), rounded(parts.test))
    model = SVR(C=p["C"], gamma=p["gamma"], epsilon=p["epsilon"], max_iter=p["steps"])
    return trained(model, changed, "r2")


@on_one_thread
def classes_boosting(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """Boosted trees: the highest rate and the smallest leaves are best."""
    p: Any = params
    tree = {name: p[name] for name in ("max_depth", "min_samples_leaf", "max_features")}
    model = SmallBooster(p["rounds"], p["rate"], tree, subsample=p["subsample"])
    return trained(model, classes(), "r2")


@on_one_thread
def wine_network(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """A network with a few steps: the highest rate and the widest layers are best."""
    p: Any = params
    model = MLPClassifier(
        (p["width"],) * p["layers"],
        batch_size=p["batch"],
        learning_rate_init=p["rate"],
        alpha=p["alpha"],
        max_iter=p["epochs"],
        random_state=0,
    )
    return trained(model, wine(), "log_loss")


def drawn_corner(params: Params, trial: Trial | None = None) -> float:
    """Seven parameters of four types, six of which are best at an end."""
    share, rate = number(params, "share"), position(number(params, "rate"), 1e-5, 1.0, log=True)
    width = position(number(params, "width"), 1, 512, log=True)
    depth, batch = number(params, "depth") / 12, number(params, "batch") / 512
    decay = position(number(params, "decay"), 1e-8, 1e-2, log=True)
    value = 2 * (1 - width) ** 1.5 + 1.5 * depth + 0.8 * batch**0.5 + share * (1 - 0.5 * depth)
    value += 3 * (rate - 0.3 - 0.3 * width) ** 2 + 0.5 * decay * (1 + width)
    return float(value + (0.3 if params["warm"] else 0))


def drawn_levels(params: Params, trial: Trial | None = None) -> float:
    """Six ordered choices and integers; four are best at an end, and they depend on another."""
    x = [LEVELS[name].index(params[name]) / (len(LEVELS[name]) - 1) for name in LEVELS]
    stages = number(params, "stages") / 20
    score = 50 + 14 * x[0] - 9 * x[1] + 6 * x[2] * x[0] - 7 * (x[3] - 0.3) ** 2
    score += 12 * stages**0.5 * x[0] - 5 * stages * x[1] - 3 * abs(x[4] - stages)
    return float(score)


LEVELS: dict[str, list[Any]] = {
    "size": [16, 32, 64, 128, 256, 512],
    "loss": [0.0, 0.1, 0.2, 0.3, 0.5],
    "quality": ["low", "medium", "high", "best"],
    "window": [3, 5, 7, 9, 11, 13, 15],
    "stride": [1, 2, 4, 8],
}
"""The ordered choices of `drawn_levels`."""

PROBLEMS = {
    "digits-neighbours": Definition(
        Space(
            {
                "n_neighbors": Int(1, 50),
                "width": Float(0.5, 30.0, log=True),
                "levels": Int(1, 16),
                "stride": Choice([1, 2, 3, 4], ordered=True),
            }
        ),
        lowest("brier"),
        digits_neighbours,
    ),
    "cancer-logistic": Definition(
        Space(
            {
                "features": Int(1, 30),
                "C": Float(1e-6, 1.0, log=True),
                "weight": Float(1.0, 20.0, log=True),
                "steps": Choice([1, 2, 5, 10, 20, 50], ordered=True),
                "tol": Float(1e-6, 1e-1, log=True),
            }
        ),
        lowest("log_loss"),
        cancer_logistic,
    ),
    "diabetes-descent": Definition(
        Space(
            {
                "eta0": Float(1e-6, 3e-3, log=True),
                "alpha": Float(1e-3, 100.0, log=True),
                "epsilon": Float(0.1, 50.0, log=True),
                "epochs": Int(1, 60),
            }
        ),
        lowest("mae"),
        diabetes_descent,
    ),
    "friedman-machine": Definition(
        Space(
            {
                "C": Float(1e-3, 30.0, log=True),
                "gamma": Float(6e-2, 30.0, log=True),
                "epsilon": Float(0.01, 10.0, log=True),
                "digits": Choice([1, 2, 4, 8, 16], ordered=True),
                "steps": Int(10, 3000, log=True),
            }
        ),
        highest("r2"),
        friedman_machine,
    ),
    "classes-boosting": Definition(
        Space(
            {
                "rounds": Int(1, 25),
                "rate": Float(1e-3, 0.1, log=True),
                "max_depth": Int(1, 8),
                "min_samples_leaf": Int(15, 100),
                "max_features": Float(0.05, 1.0),
                "subsample": Float(0.1, 1.0),
            }
        ),
        highest("r2"),
        classes_boosting,
    ),
    "wine-network": Definition(
        Space(
            {
                "width": Choice([1, 2, 4, 8, 16, 32, 64], ordered=True),
                "layers": Int(1, 4),
                "batch": Choice([16, 32, 64], ordered=True),
                "rate": Float(1e-5, 1e-2, log=True),
                "alpha": Float(1e-6, 1.0, log=True),
                "epochs": Int(1, 16),
            }
        ),
        lowest("log_loss"),
        wine_network,
    ),
    "drawn-corner": Definition(
        Space(
            {
                "width": Int(1, 512, log=True),
                "depth": Int(0, 12),
                "batch": Choice([1, 8, 64, 128, 256, 512], ordered=True),
                "share": Float(0.0, 1.0),
                "rate": Float(1e-5, 1.0, log=True),
                "decay": Float(1e-8, 1e-2, log=True),
                "warm": Bool(),
            }
        ),
        lowest("value"),
        drawn_corner,
    ),
    "drawn-levels": Definition(
        Space(
            {name: Choice(values, ordered=True) for name, values in LEVELS.items()}
            | {"stages": Int(1, 20)}
        ),
        highest("value"),
        drawn_levels,
    ),
}
