import keras
import keras_tuner as kt
import numpy as np

x_train, y_train = np.random.rand(48, 4), np.random.rand(48, 1)


def build_model(hp):
    model = keras.Sequential()
    model.add(keras.layers.Dense(hp.Int("units", 4, 64), activation="relu"))
    model.add(keras.layers.Dense(1))
    model.compile(
        optimizer=keras.optimizers.Adam(hp.Float("lr", 1e-4, 1e-1, sampling="log")), loss="mse"
    )
    return model


tuner = kt.Hyperband(
    build_model,
    objective="val_loss",
    max_epochs=4,
    factor=3,
    hyperband_iterations=1,
    directory="my_dir",
    project_name="intro_to_kt",
)
stop_early = keras.callbacks.EarlyStopping(monitor="val_loss", patience=5)
tuner.search(x_train, y_train, validation_split=0.25, callbacks=[stop_early], verbose=0)

best_hps = tuner.get_best_hyperparameters()[0]
print("units", best_hps.get("units"), "lr", best_hps.get("lr"))
trials = tuner.oracle.get_best_trials(100)
print(len(trials), "trials")

assert len(trials) >= 2
assert 4 <= best_hps.get("units") <= 64
assert 1e-4 <= best_hps.get("lr") <= 1e-1
assert tuner.get_best_models()[0].count_params() > 0
