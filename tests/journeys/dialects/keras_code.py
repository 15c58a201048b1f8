"""A hypermodel of Keras Tuner's."""

from __future__ import annotations

from typing import Any

import keras


def build_model(hp: Any) -> keras.Model:
    schedule = hp.Choice("schedule", ["low", "constant"])
    rate = 0.01
    if schedule == "constant":
        with hp.conditional_scope("schedule", ["constant"]):
            rate = hp.Choice("eta0", [0.0, 0.1, 1.0])
            if rate == 0:
                raise ValueError("eta0 has to be above 0")
    units = hp.Int("units", 2, 16, step=2)
    model = keras.Sequential(
        [
            keras.Input((64,)),
            keras.layers.Dense(units, activation="relu"),
            keras.layers.Dense(6, activation="softmax"),
        ]
    )
    model.compile(
        keras.optimizers.SGD(rate), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return model
