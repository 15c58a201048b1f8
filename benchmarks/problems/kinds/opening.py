"""Models where an option opens further parameters, up to three levels deep."""

from __future__ import annotations

import math
from typing import Any

from optuna.trial import Trial
from sklearn.decomposition import PCA, KernelPCA
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression, SGDClassifier, SGDRegressor
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures
from sklearn.svm import SVR

from crosstune.benchmarks.problems.kinds.boosting import SmallBooster
from crosstune.benchmarks.problems.kinds.data import classes, friedman, wine
from crosstune.benchmarks.problems.kinds.definition import Definition, highest, lowest
from crosstune.benchmarks.problems.kinds.drawn import dip, number, position
from crosstune.benchmarks.problems.kinds.scores import trained
from crosstune.benchmarks.problems.training.data import cancer, diabetes, on_one_thread
from crosstune.space.parameters import Bool, Choice, Float, Int
from crosstune.space.space import Params, Space


@on_one_thread
def friedman_kernel(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """A machine for regression; the kernel opens its parameters."""
    p: Any = params
    return trained(SVR(**p, max_iter=20_000), friedman(), "r2")


@on_one_thread
def diabetes_stopping(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """Gradient descent; a schedule, the averaging and the early stopping open parameters."""
    p: Any = params
    model = SGDRegressor(
        eta0=p["eta0"],
        learning_rate=p["schedule"],
        power_t=p.get("power_t", 0.25),
        alpha=p["alpha"],
        loss=p["loss"],
        epsilon=p.get("epsilon", 0.1),
        average=p.get("average_from", False),
        early_stopping=p["early_stopping"],
        validation_fraction=p.get("share", 0.1),
        n_iter_no_change=p.get("patience", 5),
        max_iter=80,
        tol=1e-3 if p["early_stopping"] else None,
        random_state=0,
    )
    return trained(model, diabetes(), "mae")


@on_one_thread
def diabetes_dart(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """Boosted trees; dropout opens two parameters and early stopping another two."""
    p: Any = params
    model = SmallBooster(
        rounds=p["rounds"],
        rate=p["rate"],
        tree={name: p[name] for name in ("max_depth", "min_samples_leaf", "max_features")},
        rate_drop=p.get("rate_drop", 0.0),
        skip_drop=p.get("skip_drop", 0.0),
        patience=p.get("patience"),
        share=p.get("share", 0.1),
    )
    return trained(model, diabetes(), "rmse")


@on_one_thread
def cancer_network(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """A network; its solver opens a schedule and a momentum, and the schedule a power."""
    p: Any = params
    model = MLPClassifier(
        (p["width"],),
        solver=p["solver"],
        alpha=p["alpha"],
        learning_rate_init=p.get("adam_rate", p.get("sgd_rate")),
        beta_1=p.get("beta_1", 0.9),
        learning_rate=p.get("schedule", "constant"),
        power_t=p.get("power_t", 0.5),
        momentum=p.get("momentum", 0.0),
        nesterovs_momentum=p.get("nesterov", True),
        batch_size=64,
        max_iter=12,
        random_state=0,
    )
    return trained(model, cancer(), "log_loss")


@on_one_thread
def wine_reduction(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """Three levels: a reduction opens its method, the method a kernel, the kernel a degree."""
    p: Any = params
    steps: list[Any] = []
    if p["reduce"]:
        if p["method"] == "select":
            steps += [SelectKBest(k=p["features"])]
        elif p["method"] == "linear":
            steps += [PCA(p["components"], whiten=p["whiten"])]
        else:
            steps += [KernelPCA(p["components"], kernel=p["kernel"], eigen_solver="dense")]
            steps[-1].set_params(gamma=p["gamma"], degree=p.get("degree", 3))
    steps += [LogisticRegression(C=p["C"], max_iter=40)]
    return trained(make_pipeline(*steps), wine(), "log_loss")


@on_one_thread
def classes_penalty(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """A linear classifier of products of features; loss, penalty and weights open parameters."""
    p: Any = params
    classifier = SGDClassifier(
        loss=p["loss"],
        epsilon=p.get("epsilon", 0.1),
        penalty=p["penalty"],
        l1_ratio=p.get("l1_ratio", 0.15),
        alpha=p["alpha"],
        class_weight={0: 1.0, 1: p["weight"]} if p["weighted"] else None,
        learning_rate="constant" if p["constant"] else "optimal",
        eta0=p.get("eta0", 0.01),
        average=p.get("average", False),
        max_iter=25,
        tol=None,
        random_state=0,
    )
    model = make_pipeline(PolynomialFeatures(2, include_bias=False), classifier)
    return trained(model, classes(), "auc")


def drawn_twice(params: Params, trial: Trial | None = None) -> float:
    """Two nested options, which harm until the parameters that they open are tuned."""
    value = 1.5 * dip(position(number(params, "rate"), 1e-6, 1.0, log=True), 0.64, 0.2)
    if params["outer"]:
        value += 0.2 - 0.7 * (1 - dip(number(params, "strength"), 0.83, 0.15))
        if params["inner"]:
            steps = position(number(params, "steps"), 1, 1000, log=True)
            value += 0.15 - 0.6 * (1 - dip(steps, math.log(7) / math.log(1000), 0.15))
            value -= 0.3 * (1 - dip(number(params, "decay"), 0.9, 0.05))
    return 2 + value


def drawn_options(params: Params, trial: Trial | None = None) -> float:
    """Six options, one parameter each: three help, one more if another is on, two harm."""
    score = 0.0
    for i, (gain, best) in enumerate(GAINS):
        if params[f"option_{i}"]:
            at = position(number(params, f"level_{i}"), 0.01, 100, log=True)
            miss = dip(at, best, 0.25)
            score += gain * (1 - 1.3 * miss if gain > 0 else 1 + miss)
    if params["option_3"] and not params["option_1"]:
        score -= 12
    return 100 + score


GAINS = ((10.0, 0.2), (6.0, 0.75), (8.0, 0.9), (9.0, 0.4), (-5.0, 0.5), (-3.0, 0.1))
"""By option of `drawn_options`: what it adds at its best level, and that level's position."""

KERNELS = ["linear", "rbf", "poly", "sigmoid"]
SGD = {"solver": "sgd"}

PROBLEMS = {
    "friedman-kernel": Definition(
        Space(
            {
                "C": Float(1e-3, 1e3, log=True),
                "epsilon": Float(1e-3, 3.0, log=True),
                "kernel": Choice(KERNELS),
                "gamma": Float(1e-4, 1.0, log=True, when={"kernel": KERNELS[1:]}),
                "degree": Int(2, 5, when={"kernel": "poly"}),
                "coef0": Float(-1.0, 3.0, when={"kernel": ["poly", "sigmoid"]}),
            }
        ),
        highest("r2"),
        friedman_kernel,
    ),
    "diabetes-stopping": Definition(
        Space(
            {
                "eta0": Float(1e-5, 1e-1, log=True),
                "schedule": Choice(["constant", "invscaling", "adaptive"]),
                "power_t": Float(0.0, 1.0, when={"schedule": "invscaling"}),
                "alpha": Float(1e-6, 10.0, log=True),
                "loss": Choice(["squared_error", "huber", "epsilon_insensitive"]),
                "epsilon": Float(
                    0.1, 100.0, log=True, when={"loss": ["huber", "epsilon_insensitive"]}
                ),
                "average": Bool(),
                "average_from": Int(1, 10_000, log=True, when={"average": True}),
                "early_stopping": Bool(),
                "patience": Int(1, 20, log=True, when={"early_stopping": True}),
                "share": Float(0.05, 0.5, when={"early_stopping": True}),
            }
        ),
        lowest("mae"),
        diabetes_stopping,
    ),
    "diabetes-dart": Definition(
        Space(
            {
                "rounds": Int(2, 40, log=True),
                "rate": Float(0.01, 1.0, log=True),
                "max_depth": Int(1, 6),
                "min_samples_leaf": Int(1, 40, log=True),
                "max_features": Float(0.1, 1.0),
                "booster": Choice(["plain", "dart"]),
                "rate_drop": Float(0.0, 0.8, when={"booster": "dart"}),
                "skip_drop": Float(0.0, 1.0, when={"booster": "dart"}),
                "early_stopping": Bool(),
                "patience": Int(1, 10, when={"early_stopping": True}),
                "share": Float(0.05, 0.4, when={"early_stopping": True}),
            }
        ),
        lowest("rmse"),
        diabetes_dart,
    ),
    "cancer-network": Definition(
        Space(
            {
                "width": Int(2, 64, log=True),
                "alpha": Float(1e-5, 10.0, log=True),
                "solver": Choice(["adam", "sgd"]),
                "adam_rate": Float(1e-4, 0.3, log=True, when={"solver": "adam"}),
                "beta_1": Float(0.0, 0.99, when={"solver": "adam"}),
                "sgd_rate": Float(1e-3, 3.0, log=True, when=SGD),
                "schedule": Choice(["constant", "invscaling"], when=SGD),
                "power_t": Float(0.1, 0.9, when={"schedule": "invscaling"}),
                "with_momentum": Bool(when=SGD),
                "momentum": Float(0.3, 0.99, when={"with_momentum": True}),
                "nesterov": Bool(when={"with_momentum": True}),
            }
        ),
        lowest("log_loss"),
        cancer_network,
    ),
    "wine-reduction": Definition(
        Space(
            {
                "C": Float(1e-3, 1e3, log=True),
                "reduce": Bool(),
                "method": Choice(["select", "linear", "kernel"], when={"reduce": True}),
                "features": Int(1, 13, when={"method": "select"}),
                "components": Int(1, 13, when={"method": ["linear", "kernel"]}),
                "whiten": Bool(when={"method": "linear"}),
                "kernel": Choice(["rbf", "poly"], when={"method": "kernel"}),
                "gamma": Float(1e-4, 1.0, log=True, when={"method": "kernel"}),
                "degree": Int(2, 4, when={"kernel": "poly"}),
            }
        ),
        lowest("log_loss"),
        wine_reduction,
    ),
    "classes-penalty": Definition(
        Space(
            {
                "loss": Choice(["log_loss", "hinge", "huber"]),
                "epsilon": Float(0.01, 10.0, log=True, when={"loss": "huber"}),
                "alpha": Float(1e-6, 0.1, log=True),
                "penalty": Choice(["l2", "l1", "elasticnet"]),
                "l1_ratio": Float(0.0, 1.0, when={"penalty": "elasticnet"}),
                "weighted": Bool(),
                "weight": Float(0.1, 10.0, log=True, when={"weighted": True}),
                "constant": Bool(),
                "eta0": Float(1e-5, 1.0, log=True, when={"constant": True}),
                "average": Bool(when={"constant": True}),
            }
        ),
        highest("auc"),
        classes_penalty,
    ),
    "drawn-twice": Definition(
        Space(
            {
                "rate": Float(1e-6, 1.0, log=True),
                "outer": Bool(),
                "strength": Float(0.0, 1.0, when={"outer": True}),
                "inner": Bool(when={"outer": True}),
                "steps": Int(1, 1000, log=True, when={"inner": True}),
                "decay": Float(0.0, 1.0, when={"inner": True}),
            }
        ),
        lowest("value"),
        drawn_twice,
        optimum=0.75,
    ),
    "drawn-options": Definition(
        Space(
            {f"option_{i}": Bool() for i in range(len(GAINS))}
            | {
                f"level_{i}": Float(0.01, 100.0, log=True, when={f"option_{i}": True})
                for i in range(len(GAINS))
            }
        ),
        highest("value"),
        drawn_options,
        optimum=133.0,
    ),
}
