"""A Keras model whose losses are scripted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crosstune.adapters.keras_tuner import library as keras_library  # noqa: F401  # Keras starts on what is installed

import keras  # isort: skip
import numpy as np  # isort: skip

DATA = np.ones((4, 1), "float32"), np.ones((4, 1), "float32")


class Scripted(keras.callbacks.Callback):  # type: ignore[misc]  # untyped
    """Writes `val_loss` into the logs, before any callback that comes later.

    A value that is a function is called with the model for the number.
    """

    def __init__(self, values: Mapping[int, Any] | float):
        super().__init__()
        self.values = values

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        assert logs is not None
        value = self.values if isinstance(self.values, float | int) else self.values[epoch]
        logs["val_loss"] = float(value(self.model) if callable(value) else value)


def model() -> Any:
    made = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    made.compile("sgd", "mse")
    return made
