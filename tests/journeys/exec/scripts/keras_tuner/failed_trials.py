"""Configurations that cannot be built fail, and the search goes on."""

import keras
import keras_tuner as kt
import numpy as np

built = []


def build_model(hp):
    units = hp.Int("units", 2, 64)
    built.append(units)  # once before the search, too
    if len(built) in (3, 5):
        raise kt.errors.FailedTrialError("this one does not fit into memory")
    model = keras.Sequential([keras.layers.Dense(units), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


x, y = np.random.rand(20, 3), np.random.rand(20)
tuner = kt.RandomSearch(
    build_model, objective="val_loss", max_trials=5, directory="failed", project_name="f"
)
tuner.search(x, y, epochs=1, validation_data=(x, y), verbose=0)

statuses = [t.status for t in tuner.oracle.trials.values()]
print(statuses)
assert len(statuses) == 5
assert statuses.count("FAILED") == 2
assert statuses.count("COMPLETED") == 3
assert tuner.oracle.get_best_trials(3)[2].status == "COMPLETED"
