import os

import keras
import keras_tuner as kt
import numpy as np


class Count(keras.callbacks.Callback):
    epochs = 0

    def on_epoch_end(self, epoch, logs=None):
        # Keras Tuner copies callbacks for each trial.
        Count.epochs += 1


def build_model(hp):
    model = keras.Sequential(
        [
            keras.layers.Dense(
                hp.Int("units", 4, 64, step=4),
                activation="relu",
                kernel_regularizer=keras.regularizers.L2(
                    hp.Float("l2", 1e-6, 1e-2, sampling="log")
                ),
            ),
            keras.layers.Dense(1),
        ]
    )
    model.compile("adam", "mse")
    return model


if __name__ == "__main__":
    x, y = np.random.rand(50, 5), np.random.rand(50)
    tuner = kt.RandomSearch(
        build_model,
        objective="val_loss",
        max_trials=3,
        directory=os.path.join(os.getcwd(), "out"),
        project_name="callbacks",
    )
    early = keras.callbacks.EarlyStopping(monitor="val_loss", patience=1, min_delta=1e9)
    tuner.search(
        x, y, epochs=6, validation_split=0.2, callbacks=[early, Count()], verbose=0, batch_size=16
    )
    print(Count.epochs, "epochs in all")
    assert len(tuner.oracle.get_best_trials(9)) == 3
    # Each of them stops after its second epoch.
    assert Count.epochs == 3 * 2, Count.epochs
    assert os.path.isdir("out")
