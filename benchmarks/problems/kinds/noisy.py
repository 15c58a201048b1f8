"""Noise of three strengths, from the trial's seed; the expected value at each point is known.

The strength is the standard deviation of the noise at a good point, relative to the distance from
there to the median of the space: up to 0.2 is weak, up to 0.5 medium, more is strong. The truth is
exact for the drawn functions, and the mean over `SEEDS` for the trainings.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from optuna.trial import Trial
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.kernel_approximation import RBFSampler
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline

from crosstune.benchmarks.problems.kinds.boosting import SmallBooster
from crosstune.benchmarks.problems.kinds.data import classes, few_digits, friedman
from crosstune.benchmarks.problems.kinds.definition import Definition, highest, lowest
from crosstune.benchmarks.problems.kinds.drawn import dip, number, position
from crosstune.benchmarks.problems.kinds.scores import trained
from crosstune.benchmarks.problems.training.data import (
    Part,
    Parts,
    cancer,
    diabetes,
    on_one_thread,
    seed,
)
from crosstune.space.parameters import Bool, Choice, Float, Int
from crosstune.space.space import Params, Space

SEEDS = range(900_000, 900_020)
"""The seeds over which the truth of a training is averaged."""


@dataclass(frozen=True)
class NoisyTraining:
    """The objective of a training that draws from its seed.

    Attributes:
        train: the metrics, of the parameters and a seed.
        metric: the one that is tuned.
    """

    train: Callable[[Any, int], dict[str, float]]
    metric: str

    def __call__(self, params: Params, trial: Trial | None = None) -> dict[str, float]:
        """The metrics with the trial's seed."""
        return self.train(params, seed(trial))

    def truth(self, params: Params) -> float:
        """The mean of the metric over `SEEDS`."""
        return float(np.mean([self.train(params, number)[self.metric] for number in SEEDS]))


def resplit(parts: Parts, number: int, train: int, valid: int) -> Parts:
    """Rows for training and validation, drawn from both parts together; the test part stays.

    Args:
        parts: the data.
        number: the seed.
        train: the number of rows to train on.
        valid: the number of rows for validation.
    """
    x = np.concatenate([parts.train.x, parts.valid.x])
    y = np.concatenate([parts.train.y, parts.valid.y])
    rows = np.concatenate([parts.train.rows, parts.valid.rows])
    order = np.random.default_rng(number).permutation(len(y))

    def part(chosen: NDArray[np.int64]) -> Part:
        return Part(rows[chosen], x[chosen], y[chosen])

    return Parts(part(order[:train]), part(order[train : train + valid]), parts.test)


@on_one_thread
def weak_friedman(params: Any, number: int) -> dict[str, float]:
    """Boosted trees that draw their rows; the data do not change."""
    tree = {name: params[name] for name in ("max_depth", "min_samples_leaf")}
    model = SmallBooster(
        params["rounds"], params["rate"], tree, subsample=params["subsample"], seed=number
    )
    return trained(model, friedman(), "r2")


@on_one_thread
def weak_cancer(params: Any, number: int) -> dict[str, float]:
    """A network that draws its weights and the order of rows; the data do not change."""
    model = MLPClassifier(
        (params["width"],),
        activation=params["activation"],
        learning_rate_init=params["rate"],
        alpha=params["alpha"],
        batch_size=params["batch"],
        max_iter=10,
        random_state=number,
    )
    return trained(model, cancer(), "log_loss")


@on_one_thread
def medium_digits(params: Any, number: int) -> dict[str, float]:
    """A small forest on 100 images, judged on another 30."""
    model = ExtraTreesClassifier(
        12,
        max_features=params["max_features"],
        min_samples_leaf=params["min_samples_leaf"],
        bootstrap=params["bootstrap"],
        max_samples=params.get("max_samples"),
        random_state=number,
    )
    return trained(model, resplit(few_digits(), number, 100, 30), "brier")


@on_one_thread
def medium_diabetes(params: Any, number: int) -> dict[str, float]:
    """A ridge regression on random features of 120 rows, judged on another 30."""
    features = RBFSampler(
        n_components=params["components"], gamma=params["gamma"], random_state=number
    )
    model = make_pipeline(features, Ridge(params["alpha"]))
    return trained(model, resplit(diabetes(), number, 120, 30), "mae")


@on_one_thread
def strong_diabetes(params: Any, number: int) -> dict[str, float]:
    """A kernel ridge regression on 80 rows, judged on another 15."""
    model = KernelRidge(alpha=params["alpha"], kernel=params["kernel"], gamma=params["gamma"])
    model.set_params(degree=params.get("degree", 3), coef0=params.get("coef0", 1.0))
    return trained(model, resplit(diabetes(), number, 80, 15), "rmse")


@on_one_thread
def strong_classes(params: Any, number: int) -> dict[str, float]:
    """A logistic regression of random features on 100 rows, judged on another 60."""
    features = RBFSampler(
        n_components=params["components"], gamma=params["gamma"], random_state=number
    )
    model = make_pipeline(features, LogisticRegression(C=params["C"], max_iter=40))
    return trained(model, resplit(classes(), number, 100, 60), "auc")


def medium_truth(params: Params) -> float:
    """A rate, a size and a method; the best method is best in a small region."""
    rate = position(number(params, "rate"), 1e-5, 1.0, log=True)
    size = position(number(params, "size"), 4, 256, log=True)
    if params["method"] == "deep":
        return 0.2 + 0.8 * dip(rate, 0.3, 0.12) + 0.4 * dip(size, 0.85, 0.25)
    return 0.45 + 0.6 * (rate - 0.65) ** 2 + 0.2 * abs(size - 0.2)


def medium_drawn(params: Params, trial: Trial | None = None) -> float:
    """`medium_truth` with normal noise that grows with the value."""
    truth = medium_truth(params)
    return truth + 0.2 * truth * _normal(trial)


def strong_truth(params: Params) -> float:
    """A valley of four numbers that is curved, and flat along its floor."""
    x = [number(params, f"x{i}") for i in range(4)]
    floor = 10 * (x[1] - x[0] ** 2) ** 2 + 8 * (x[3] - 0.2 - 0.6 * x[2]) ** 2
    return 30 - 10 * math.log1p(4 * floor) - 3 * (x[0] - 0.85) ** 2 - 3 * (x[2] - 0.15) ** 2


def strong_drawn(params: Params, trial: Trial | None = None) -> float:
    """`strong_truth` with noise of heavy tails: one in ten trials is off by four times as much."""
    rng = np.random.default_rng(seed(trial))
    scale = 40.0 if rng.random() < 0.1 else 10.0
    return strong_truth(params) + scale * float(rng.normal())


def _normal(trial: Trial | None) -> float:
    return float(np.random.default_rng(seed(trial)).normal())


def _training(space: Space, train: Callable[[Any, int], dict[str, float]], metric: Any) -> Any:
    objective = NoisyTraining(train, metric.name)
    return Definition(space, metric, objective, truth=objective.truth)


FEATURES = {
    "components": Int(5, 200, log=True),
    "gamma": Float(1e-4, 1.0, log=True),
}

PROBLEMS = {
    "weak-friedman": _training(
        Space(
            {
                "rounds": Int(3, 40, log=True),
                "rate": Float(0.01, 1.0, log=True),
                "max_depth": Int(1, 8),
                "min_samples_leaf": Int(1, 40, log=True),
                "subsample": Float(0.2, 1.0),
            }
        ),
        weak_friedman,
        highest("r2"),
    ),
    "weak-cancer": _training(
        Space(
            {
                "width": Int(4, 64, log=True),
                "activation": Choice(["relu", "tanh", "logistic"]),
                "rate": Float(1e-4, 0.3, log=True),
                "alpha": Float(1e-5, 10.0, log=True),
                "batch": Choice([32, 64, 128], ordered=True),
            }
        ),
        weak_cancer,
        lowest("log_loss"),
    ),
    "medium-digits": _training(
        Space(
            {
                "max_features": Float(0.01, 1.0),
                "min_samples_leaf": Int(1, 30, log=True),
                "bootstrap": Bool(),
                "max_samples": Float(0.1, 1.0, when={"bootstrap": True}),
            }
        ),
        medium_digits,
        lowest("brier"),
    ),
    "medium-diabetes": _training(
        Space(FEATURES | {"alpha": Float(1e-4, 1e3, log=True)}), medium_diabetes, lowest("mae")
    ),
    "strong-diabetes": _training(
        Space(
            {
                "alpha": Float(1e-3, 1e2, log=True),
                "kernel": Choice(["rbf", "laplacian", "poly"]),
                "gamma": Float(1e-4, 1.0, log=True),
                "degree": Int(2, 3, when={"kernel": "poly"}),
                "coef0": Float(0.0, 5.0, when={"kernel": "poly"}),
            }
        ),
        strong_diabetes,
        lowest("rmse"),
    ),
    "strong-classes": _training(
        Space(FEATURES | {"C": Float(1e-4, 1e3, log=True)}), strong_classes, highest("auc")
    ),
    "medium-drawn": Definition(
        Space(
            {
                "method": Choice(["plain", "deep"]),
                "rate": Float(1e-5, 1.0, log=True),
                "size": Int(4, 256, log=True),
            }
        ),
        lowest("value"),
        medium_drawn,
        truth=medium_truth,
    ),
    "strong-drawn": Definition(
        Space({f"x{i}": Float(-1.0, 1.5) for i in range(4)}),
        highest("value"),
        strong_drawn,
        truth=strong_truth,
    ),
}
