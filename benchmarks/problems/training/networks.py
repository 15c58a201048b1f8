"""Networks that report a score after each epoch, and can be pruned there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import optuna
from optuna.trial import Trial
from sklearn.metrics import log_loss
from sklearn.neural_network import MLPClassifier

from crosstune.benchmarks.problems.training.data import (
    Part,
    Parts,
    cancer,
    digits,
    on_one_thread,
    seed,
)
from crosstune.space.parameters import Choice, Float, Int
from crosstune.space.space import Params, Space
from crosstune.spec.measures import Metric

EPOCHS = 20

DIGITS = Metric(name="error", direction="minimize")
"""The share of wrong predictions."""

DIGITS_SPACE = Space(
    {
        "width": Int(8, 128, log=True),
        "batch": Choice([16, 32, 64, 128], ordered=True),
        "solver": Choice(["adam", "sgd"]),
        "lr_adam": Float(1e-4, 1e-1, log=True, when={"solver": "adam"}),
        "lr_sgd": Float(1e-3, 1.0, log=True, when={"solver": "sgd"}),
        "momentum": Float(0.0, 0.99, when={"solver": "sgd"}),
        "alpha": Float(1e-6, 1.0, log=True),
    }
)

CANCER = Metric(name="log_loss", direction="minimize")
"""In nats; it rises again when a network overfits and becomes overconfident."""

CANCER_SPACE = Space(
    {
        "layers": Int(1, 3),
        "width": Int(4, 64, log=True),
        "activation": Choice(["relu", "tanh", "logistic"]),
        "lr": Float(1e-4, 1e-1, log=True),
        "batch": Choice([8, 16, 32, 64], ordered=True),
        "alpha": Float(1e-5, 10.0, log=True),
        "beta_1": Float(0.5, 0.99),
    }
)


@on_one_thread
def classify_digits(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """`error` and `test_error` after the last epoch."""
    sgd = params["solver"] == "sgd"
    network = MLPClassifier(
        (params["width"],),
        solver=params["solver"],
        batch_size=params["batch"],
        learning_rate_init=params["lr_sgd" if sgd else "lr_adam"],
        momentum=params.get("momentum", 0.9),
        alpha=params["alpha"],
        random_state=seed(trial),
    )
    return _train(network, digits(), "error", _mistakes, trial)


@on_one_thread
def classify_cancer(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """`log_loss` and `test_log_loss` after the last epoch."""
    network = MLPClassifier(
        (params["width"],) * int(params["layers"] or 0),
        activation=params["activation"],
        batch_size=params["batch"],
        learning_rate_init=params["lr"],
        alpha=params["alpha"],
        beta_1=params["beta_1"],
        random_state=seed(trial),
    )
    return _train(network, cancer(), "log_loss", _log_loss, trial)


def _train(
    network: Any,
    parts: Parts,
    metric: str,
    score: Callable[[Any, Part], float],
    trial: Trial | None,
) -> dict[str, float]:
    classes = sorted(set(parts.train.y.tolist()))
    value = float("nan")
    for epoch in range(1, EPOCHS + 1):
        network.partial_fit(parts.train.x, parts.train.y, classes=classes)
        value = score(network, parts.valid)
        if trial is not None:
            trial.report(value, epoch)
            if trial.should_prune():
                raise optuna.TrialPruned(f"pruned after epoch {epoch}: {metric} = {value:.6g}")
    return {metric: value, f"test_{metric}": score(network, parts.test)}


def _mistakes(network: Any, part: Part) -> float:
    return float((network.predict(part.x) != part.y).mean())


def _log_loss(network: Any, part: Part) -> float:
    return float(log_loss(part.y, network.predict_proba(part.x)))
