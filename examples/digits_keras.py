"""A Keras multi-layer perceptron on images of digits, as a plain function of its settings.

crosstune run examples/digits_keras.yaml     tunes it
python examples/digits_keras.py              trains the default settings, and prints their scores
"""

from __future__ import annotations

import json
import os
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split


def keras_backend() -> str | None:
    """What keras.json names if it is installed, else the first of the three that is."""
    file = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras")) / "keras.json"
    try:
        configured = json.loads(file.read_text())["backend"]
    except (OSError, ValueError, KeyError):
        configured = "tensorflow"
    installed = (name for name in (configured, "tensorflow", "jax", "torch") if find_spec(name))
    return next(installed, None)


if "KERAS_BACKEND" not in os.environ and (chosen := keras_backend()):
    os.environ["KERAS_BACKEND"] = chosen

import keras  # noqa: E402  It reads KERAS_BACKEND when it is imported.
from keras import layers, optimizers, regularizers  # noqa: E402

SEED = 0
"""Of the parts, the initial weights, the order of the images and the dropout: settings are
compared on the same ones, and `test` trains the very model that the trial trained."""

defaults = {
    "layers": 1,
    "units_1": 64,
    "activation": "relu",
    "dropout": 0.2,
    "penalty": "none",
    "optimizer": "adam",
    "lr": 1e-3,
    "batch": 32,
    "epochs": 15,
}
"""One hidden layer as wide as the input, and Adam with Keras's own rate and batch size."""


@cache
def parts() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The images and labels to train on (640), to tune on (500) and to test on (657).

    640 is a multiple of every batch size, so that JAX compiles a step once.
    """
    x, y = load_digits(return_X_y=True)
    x = (x / 8 - 1).astype("float32")
    x_rest, x_test, y_rest, y_test = train_test_split(
        x, y, train_size=1140, stratify=y, random_state=SEED
    )
    x_train, x_valid, y_train, y_valid = train_test_split(
        x_rest, y_rest, train_size=640, stratify=y_rest, random_state=SEED
    )
    return {"train": (x_train, y_train), "valid": (x_valid, y_valid), "test": (x_test, y_test)}


def network(params: dict[str, Any]) -> keras.Model:
    # A penalty that the spec's conditions leave out is 0.
    weights = regularizers.L1L2(l1=params.get("l1", 0.0), l2=params.get("l2", 0.0))
    model = keras.Sequential([keras.Input((64,))])
    for i in range(params["layers"]):
        units = params[f"units_{i + 1}"]
        model.add(layers.Dense(units, params["activation"], kernel_regularizer=weights))
        model.add(layers.Dropout(params["dropout"]))
    model.add(layers.Dense(10, kernel_regularizer=weights))
    model.compile(
        optimizer(params),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    return model


def optimizer(params: dict[str, Any]) -> optimizers.Optimizer:
    match params["optimizer"]:
        case "sgd":
            return optimizers.SGD(params["lr"], momentum=params["momentum"])
        case "rmsprop":
            return optimizers.RMSprop(params["lr"])
    return optimizers.Adam(params["lr"])


def fit(params: dict[str, Any], *callbacks: keras.callbacks.Callback) -> keras.Model:
    """The trained network."""
    keras.utils.clear_session()  # else every trial's graph stays in memory
    keras.utils.set_random_seed(SEED)
    model = network(params)
    model.fit(
        *parts()["train"],
        batch_size=params["batch"],
        epochs=params["epochs"],
        validation_data=parts()["valid"],
        validation_batch_size=500,
        callbacks=list(callbacks),
        verbose=0,
    )
    return model


def scores(model: keras.Model, part: str) -> dict[str, float]:
    x, y = parts()[part]
    logs = model.evaluate(x, y, batch_size=len(x), verbose=0, return_dict=True)
    return {"accuracy": float(logs["accuracy"]), "loss": float(logs["loss"])}


def train(params: dict[str, Any], trial: optuna.Trial) -> dict[str, float]:
    """The objective: the scores on the validation part."""
    model = fit(params, ReportOrPrune(trial))
    return {**scores(model, "valid"), "weights": model.count_params()}


class ReportOrPrune(keras.callbacks.Callback):
    """Reports the validation accuracy after each epoch; a hopeless trial ends there."""

    def __init__(self, trial: optuna.Trial):
        super().__init__()
        self.trial = trial

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.trial.report(float((logs or {})["val_accuracy"]), epoch)
        if self.trial.should_prune():
            raise optuna.TrialPruned


def test(params: dict[str, Any]) -> dict[str, float]:
    """The scores on the test part; `crosstune run` asks once, for the best trial."""
    return scores(fit(params), "test")


train.test = test


if __name__ == "__main__":
    model = fit(defaults)
    for part in ("valid", "test"):
        print(part, ", ".join(f"{name} {x:.4f}" for name, x in scores(model, part).items()))
