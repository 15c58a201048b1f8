"""A HyperModel that tunes how it is fitted, too."""

import keras
import keras_tuner
import numpy as np

x_train = np.random.rand(60, 6)
y_train = np.random.rand(60, 1)
x_val = np.random.rand(20, 6)
y_val = np.random.rand(20, 1)


class MyHyperModel(keras_tuner.HyperModel):
    def build(self, hp):
        model = keras.Sequential()
        model.add(keras.layers.Dense(units=hp.Int("units", 4, 32, step=4), activation="relu"))
        model.add(keras.layers.Dense(1))
        model.compile(optimizer="adam", loss="mse", metrics=["mae"])
        return model

    def fit(self, hp, model, x, y, validation_data, callbacks=None, **kwargs):
        if hp.Boolean("normalize"):
            x = (x - x.mean()) / x.std()
        return model.fit(
            x,
            y,
            validation_data=validation_data,
            shuffle=hp.Boolean("shuffle"),
            batch_size=hp.Choice("batch_size", [16, 32]),
            callbacks=callbacks,
            **kwargs,
        )


tuner = keras_tuner.RandomSearch(
    MyHyperModel(),
    objective="val_loss",
    max_trials=4,
    overwrite=True,
    directory="my_dir",
    project_name="tune_hypermodel",
    seed=3,
)
tuner.search(x_train, y_train, epochs=2, validation_data=(x_val, y_val), verbose=0)

best = tuner.get_best_hyperparameters()[0]
print(best.values)
trials = tuner.oracle.get_best_trials(10)
assert len(trials) == 4
assert set(best.values) == {"units", "normalize", "shuffle", "batch_size"}
assert best.get("batch_size") in (16, 32)
assert all(t.score is not None and t.status == "COMPLETED" for t in trials)
assert [t.score for t in trials] == sorted(t.score for t in trials)

model = MyHyperModel().build(best)
MyHyperModel().fit(best, model, x_train, y_train, (x_val, y_val), epochs=1, verbose=0)
assert len(model.get_weights()) == 4
