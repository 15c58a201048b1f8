"""25 to 60 parameters, of which few matter: two to eight."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from optuna.trial import Trial
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import PolynomialFeatures

from crosstune.benchmarks.problems.kinds.data import few_digits, powers, wide_friedman
from crosstune.benchmarks.problems.kinds.definition import Definition, highest, lowest
from crosstune.benchmarks.problems.kinds.drawn import dip, normals, number, position
from crosstune.benchmarks.problems.kinds.estimators import (
    ColumnRidge,
    KernelClassifier,
    KernelSmoother,
)
from crosstune.benchmarks.problems.kinds.scores import trained
from crosstune.benchmarks.problems.training.data import (
    Array,
    Part,
    Parts,
    cancer,
    diabetes,
    on_one_thread,
)
from crosstune.space.parameters import Bool, Choice, Float, Int, Parameter
from crosstune.space.space import Params, Space


def column(params: Params, name: str, count: int) -> Array:
    """The values of the parameters with a common name, shape (count,).

    Args:
        params: of a trial.
        name: what comes before the number of each, which counts from 0.
        count: how many.
    """
    return np.array([number(params, f"{name}{i}") for i in range(count)])


@on_one_thread
def friedman_metric(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """The scale of each of 30 columns in a distance; five columns matter."""
    return trained(KernelSmoother(column(params, "scale_", 30)), wide_friedman(), "r2")


@cache
def products() -> Parts:
    """The diabetes data with their first 40 products of two or fewer features."""
    parts = diabetes()
    terms = PolynomialFeatures(2, include_bias=False).fit(parts.train.x)
    mean = terms.transform(parts.train.x)[:, :40].mean(0)
    std = terms.transform(parts.train.x)[:, :40].std(0)

    def expanded(part: Part) -> Part:
        return replace(part, x=(terms.transform(part.x)[:, :40] - mean) / std)

    return Parts(expanded(parts.train), expanded(parts.valid), expanded(parts.test))


@on_one_thread
def diabetes_ridge(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """A penalty for each of 40 products of features."""
    return trained(ColumnRidge(column(params, "penalty_", 40)), products(), "rmse")


@on_one_thread
def digits_groups(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """A kernel ridge with a scale for each of 32 pairs of pixels; gamma and alpha matter most."""
    model = KernelClassifier(
        np.repeat(column(params, "scale_", 32), 2), number(params, "gamma"), number(params, "alpha")
    )
    return trained(model, few_digits(), "brier")


@cache
def votes() -> tuple[Array, Array]:
    """The log odds of 30 classifiers of one feature each, on validation and test rows."""
    parts = cancer()
    models = [LogisticRegression().fit(parts.train.x[:, [i]], parts.train.y) for i in range(30)]
    valid, test = (
        np.stack([m.decision_function(part.x[:, [i]]) for i, m in enumerate(models)], 1)
        for part in (parts.valid, parts.test)
    )
    return valid, test


@on_one_thread
def cancer_votes(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """The weights of 30 classifiers that see one feature each, and the sharpness of their sum."""
    parts, weights = cancer(), column(params, "weight_", 30) + 1e-6
    weights *= number(params, "sharpness") / weights.sum()

    def loss(odds: Array, part: Part) -> float:
        chances = np.clip(expit(odds @ weights), 1e-3, 1 - 1e-3)
        return float(-np.log(np.where(part.y == 1, chances, 1 - chances)).mean())

    valid, test = votes()
    return {"log_loss": loss(valid, parts.valid), "test_log_loss": loss(test, parts.test)}


@on_one_thread
def classes_exponents(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """The power of each of 24 columns before a logistic regression; six columns matter."""
    parts, exponents = powers(), column(params, "exponent_", 24)

    def powered(part: Part) -> Part:
        return replace(part, x=np.sign(part.x) * np.abs(part.x) ** exponents)

    changed = Parts(powered(parts.train), powered(parts.valid), powered(parts.test))
    model = LogisticRegression(C=number(params, "C"), max_iter=50)
    return trained(model, changed, "log_loss")


def drawn_interactions(params: Params, trial: Trial | None = None) -> float:
    """40 numbers; six matter in three pairs, the best of one depends on the other."""
    x = column(params, "x", 40)
    value = 0.0
    for first, second, at, slope in ((3, 17, 0.8, -0.6), (8, 30, 0.1, 0.7), (21, 35, 0.3, 0.5)):
        value += dip(x[first], 0.25 + 0.5 * (x[second] > 0.5), 0.25)
        value += dip(x[second], at + slope * (x[first] - 0.25), 0.3)
    return value + 0.02 * float(np.abs(x - 0.5).mean())


def drawn_mixed(params: Params, trial: Trial | None = None) -> float:
    """30 parameters of five types; one of each type matters, and some only with another."""
    rate = position(number(params, "rate_4"), 1e-5, 1e-1, log=True)
    units = position(number(params, "units_1"), 8, 512, log=True)
    score = 60 + 25 * (1 - dip(rate, 0.85 - 0.4 * units, 0.15))
    score += 6 * units + 5 * (params["method_2"] == "c")
    score += 4 if params["option_3"] and params["method_2"] != "a" else 0
    return score - 10 * abs(number(params, "share_0") - 0.15)


def drawn_sixty(params: Params, trial: Trial | None = None) -> float:
    """60 numbers: three matter much, five a little, and the others by a thousandth."""
    x = column(params, "x", 60)
    at = 0.5 + 0.35 * np.tanh(normals(5, 60))
    strength = np.full(60, 1e-3)
    strength[[11, 29, 52]], strength[[2, 19, 33, 40, 58]] = 10.0, 1.0
    return float(strength @ (np.abs(x - at) ** 1.5))


def many(name: str, count: int, item: Parameter) -> dict[str, Parameter]:
    """Equal parameters, named with a number from 0.

    Args:
        name: what comes before the number.
        count: how many.
        item: each of them.
    """
    return {f"{name}{i}": item for i in range(count)}


MIXED: dict[str, Any] = {
    **many("rate_", 6, Float(1e-5, 1e-1, log=True)),
    **many("share_", 6, Float(0.0, 1.0)),
    **many("units_", 6, Int(8, 512, log=True)),
    **many("method_", 6, Choice(["a", "b", "c"])),
    **many("option_", 6, Bool()),
}

PROBLEMS = {
    "friedman-metric": Definition(
        Space(many("scale_", 30, Float(0.0, 2.0))), highest("r2"), friedman_metric
    ),
    "diabetes-ridge": Definition(
        Space(many("penalty_", 40, Float(1e-2, 1e5, log=True))), lowest("rmse"), diabetes_ridge
    ),
    "digits-groups": Definition(
        Space(
            many("scale_", 32, Float(0.0, 3.0))
            | {"gamma": Float(1e-4, 1.0, log=True), "alpha": Float(1e-4, 1e2, log=True)}
        ),
        lowest("brier"),
        digits_groups,
    ),
    "cancer-votes": Definition(
        Space(many("weight_", 30, Float(0.0, 1.0)) | {"sharpness": Float(0.5, 50.0, log=True)}),
        lowest("log_loss"),
        cancer_votes,
    ),
    "classes-exponents": Definition(
        Space(many("exponent_", 24, Float(0.1, 4.0)) | {"C": Float(1e-4, 1e2, log=True)}),
        lowest("log_loss"),
        classes_exponents,
    ),
    "drawn-interactions": Definition(
        Space(many("x", 40, Float(0.0, 1.0))), lowest("value"), drawn_interactions
    ),
    "drawn-mixed": Definition(Space(MIXED), highest("value"), drawn_mixed),
    "drawn-sixty": Definition(
        Space(many("x", 60, Float(0.0, 1.0))), lowest("value"), drawn_sixty, optimum=0.0
    ),
}
