import keras
import keras_tuner as kt
import numpy as np

x, y = np.random.rand(40, 3), np.random.rand(40)


def build_model(hp):
    model = keras.Sequential(
        [
            keras.layers.Dense(hp.Int("units", 4, 8, step=4), activation="relu"),
            keras.layers.Dense(1),
        ]
    )
    model.compile(hp.Choice("optimizer", ["adam", "sgd"]), "mse", metrics=["mae"])
    return model


tuner = kt.GridSearch(build_model, objective="val_mae", directory="grid", project_name="g")
tuner.search(x, y, epochs=1, validation_split=0.25, verbose=0)

trials = tuner.oracle.get_best_trials(100)
points = {(t.hyperparameters.get("units"), t.hyperparameters.get("optimizer")) for t in trials}
print(sorted(points))
assert len(points) == len(trials) >= 1
assert points <= {(4, "adam"), (4, "sgd"), (8, "adam"), (8, "sgd")}
