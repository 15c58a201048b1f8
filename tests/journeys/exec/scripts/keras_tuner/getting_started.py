"""Tune a small dense network with RandomSearch."""

import keras
import keras_tuner
import numpy as np
from keras import layers

rng = np.random.default_rng(0)
x_train = rng.normal(size=(64, 8)).astype("float32")
y_train = rng.integers(0, 3, size=64)
x_val = rng.normal(size=(32, 8)).astype("float32")
y_val = rng.integers(0, 3, size=32)


def build_model(hp):
    model = keras.Sequential()
    model.add(layers.Flatten())
    model.add(
        layers.Dense(
            units=hp.Int("units", min_value=8, max_value=64, step=8),
            activation=hp.Choice("activation", ["relu", "tanh"]),
        )
    )
    if hp.Boolean("dropout"):
        model.add(layers.Dropout(rate=0.25))
    model.add(layers.Dense(3, activation="softmax"))
    learning_rate = hp.Float("lr", min_value=1e-4, max_value=1e-2, sampling="log")
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=learning_rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


build_model(keras_tuner.HyperParameters())

tuner = keras_tuner.RandomSearch(
    hypermodel=build_model,
    objective="val_accuracy",
    max_trials=4,
    executions_per_trial=1,
    overwrite=True,
    directory="my_dir",
    project_name="helloworld",
)
tuner.search_space_summary()
tuner.search(x_train, y_train, epochs=1, validation_data=(x_val, y_val), verbose=0)

models = tuner.get_best_models(num_models=2)
best_model = models[0]
best_model.summary()
tuner.results_summary()

best_hps = tuner.get_best_hyperparameters(5)
model = build_model(best_hps[0])
model.fit(x_train, y_train, epochs=1, verbose=0)

print(best_hps[0].values)
assert len(models) == 2
assert len(best_hps) == 4
for hps in best_hps:
    assert set(hps.values) == {"units", "activation", "dropout", "lr"}
    assert hps.get("units") in range(8, 65, 8)
    assert hps.get("activation") in ("relu", "tanh")
    assert hps.get("dropout") in (True, False)
    assert 1e-4 <= hps.get("lr") <= 1e-2
assert best_model.predict(x_val, verbose=0).shape == (32, 3)
assert best_model.layers[1].units == best_hps[0].get("units")
