"""As many layers as were asked for, and parameters that hold under a condition."""

import keras
import keras_tuner as kt
import numpy as np


def build_model(hp):
    model = keras.Sequential()
    for i in range(hp.Int("num_layers", 1, 3)):
        model.add(
            keras.layers.Dense(
                units=hp.Int(f"units_{i}", min_value=4, max_value=32, step=4), activation="relu"
            )
        )
    head = hp.Choice("head", ["plain", "wide"])
    with hp.conditional_scope("head", ["wide"]):
        if head == "wide":
            model.add(keras.layers.Dense(hp.Int("head_units", 8, 64, sampling="log")))
    optimizer = hp.Choice("optimizer", ["adam", "sgd"])
    momentum = hp.Float(
        "momentum", 0.0, 0.9, step=0.1, parent_name="optimizer", parent_values=["sgd"]
    )
    model.add(keras.layers.Dense(1))
    if optimizer == "sgd":
        optimizer = keras.optimizers.SGD(momentum=momentum)
    model.compile(optimizer=optimizer, loss="mse")
    return model


def main():
    x, y = np.random.rand(40, 5), np.random.rand(40, 1)
    tuner = kt.RandomSearch(
        build_model, objective="val_loss", max_trials=4, directory="kt", project_name="layers"
    )
    tuner.search(x, y, epochs=1, validation_split=0.2, verbose=0)
    return tuner


if __name__ == "__main__":
    tuner = main()
    tuner.results_summary(3)
    trials = tuner.oracle.get_best_trials(10)
    assert len(trials) == 4
    for trial in trials:
        values = trial.hyperparameters.values
        print(values)
        assert values["num_layers"] in (1, 2, 3)
        for i in range(values["num_layers"]):
            assert values[f"units_{i}"] in range(4, 33, 4)
        if values["head"] == "wide":
            assert 8 <= values["head_units"] <= 64
        if values["optimizer"] == "sgd":
            assert 0 <= values["momentum"] <= 0.9
    best_model = tuner.get_best_models()[0]
    assert best_model.count_params() > 0
