"""A second tuner on the same folder goes on where the first one stopped."""

import keras
import keras_tuner as kt
import numpy as np

x, y = np.random.rand(20, 3), np.random.rand(20)


def build_model(hp):
    model = keras.Sequential([keras.layers.Dense(hp.Int("units", 2, 64)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def make(max_trials):
    return kt.RandomSearch(
        build_model,
        objective="val_loss",
        max_trials=max_trials,
        directory="again",
        project_name="p",
        overwrite=False,
    )


make(2).search(x, y, epochs=1, validation_data=(x, y), verbose=0)
tuner = make(4)
assert len(tuner.oracle.get_best_trials(10)) == 2
tuner.search(x, y, epochs=1, validation_data=(x, y), verbose=0)
print(tuner.get_best_hyperparameters()[0].values)
assert len(tuner.oracle.get_best_trials(10)) == 4
