"""The metrics of the trainings: a model's value on the validation part and on the test part."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import mean_pinball_loss, r2_score, roc_auc_score

from crosstune.benchmarks.problems.training.data import Part, Parts

LEAST = 1e-3
"""The least probability that a logarithm is taken of, so that no row has infinite loss."""


def trained(model: Any, parts: Parts, metric: str) -> dict[str, float]:
    """The value of a model after training, by metric, and that on the test part.

    Args:
        model: an estimator of scikit-learn.
        parts: the data; the model is fitted on the part for training.
        metric: a name of `SCORES`.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(parts.train.x, parts.train.y)
    score = SCORES[metric]
    return {metric: score(model, parts.valid), f"test_{metric}": score(model, parts.test)}


def _log_loss(model: Any, part: Part) -> float:
    """In nats."""
    chances = np.clip(model.predict_proba(part.x), LEAST, None)
    chances /= chances.sum(1, keepdims=True)
    return float(-np.log(chances[np.arange(len(part.y)), part.y]).mean())


def _brier(model: Any, part: Part) -> float:
    """The mean squared distance of the probabilities from the true class, 0 to 2."""
    chances = model.predict_proba(part.x)
    return float(((chances - np.eye(chances.shape[1])[part.y]) ** 2).sum(1).mean())


def _auc(model: Any, part: Part) -> float:
    """The area under the ROC curve of two classes."""
    values = (
        model.decision_function(part.x)
        if hasattr(model, "decision_function")
        else model.predict_proba(part.x)[:, 1]
    )
    return float(roc_auc_score(part.y, values))


def _rmse(model: Any, part: Part) -> float:
    """In units of the target."""
    return float(np.sqrt(np.mean((model.predict(part.x) - part.y) ** 2)))


def _mae(model: Any, part: Part) -> float:
    """In units of the target."""
    return float(np.abs(model.predict(part.x) - part.y).mean())


def _r2(model: Any, part: Part) -> float:
    """The share of explained variance; what is below 0 is squeezed into (-1, 0)."""
    share = float(r2_score(part.y, model.predict(part.x)))
    return share if share > 0 else share / (1 - share)


def _pinball(model: Any, part: Part) -> float:
    """Of the quantile 0.8, in units of the target."""
    return float(mean_pinball_loss(part.y, model.predict(part.x), alpha=0.8))


def _errors(model: Any, part: Part) -> float:
    """The number of wrong predictions."""
    return float((model.predict(part.x) != part.y).sum())


def _accuracy(model: Any, part: Part) -> float:
    """The share of right predictions."""
    return float((model.predict(part.x) == part.y).mean())


SCORES: Mapping[str, Callable[[Any, Part], float]] = {
    "log_loss": _log_loss,
    "brier": _brier,
    "auc": _auc,
    "rmse": _rmse,
    "mae": _mae,
    "r2": _r2,
    "pinball": _pinball,
    "errors": _errors,
    "accuracy": _accuracy,
}
"""By metric, its value of a fitted model on a part of the data."""
