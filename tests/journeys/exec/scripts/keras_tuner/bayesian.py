import keras
import keras_tuner as kt
import numpy as np
from sklearn.datasets import load_digits

x, y = load_digits(return_X_y=True)
x = (x / 16).astype("float32")
x_train, y_train, x_val, y_val = x[:300], y[:300], x[300:400], y[300:400]


def model_builder(hp):
    hp_units = hp.Int("units", min_value=16, max_value=64, step=16)
    hp_learning_rate = hp.Choice("learning_rate", values=[1e-2, 1e-3, 1e-4])
    model = keras.Sequential(
        [
            keras.layers.Dense(hp_units, activation="relu"),
            keras.layers.Dropout(hp.Float("rate", 0, 0.5)),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=hp_learning_rate),
        loss=keras.losses.SparseCategoricalCrossentropy(),
        metrics=["accuracy"],
    )
    return model


tuner = kt.BayesianOptimization(
    model_builder,
    objective=kt.Objective("val_accuracy", direction="max"),
    max_trials=4,
    num_initial_points=2,
    seed=42,
    directory="tuning",
    project_name="bayes",
)
tuner.search(x_train, y_train, epochs=1, validation_data=(x_val, y_val), verbose=0)
best_hps = tuner.get_best_hyperparameters(num_trials=1)[0]
print(
    f"units {best_hps.get('units')}, learning rate {best_hps.get('learning_rate')}, "
    f"dropout {best_hps.get('rate'):.3f}"
)

scores = [t.score for t in tuner.oracle.get_best_trials(4)]
assert len(scores) == 4
assert scores == sorted(scores, reverse=True)
assert best_hps.get("units") in (16, 32, 48, 64)
assert best_hps.get("learning_rate") in (1e-2, 1e-3, 1e-4)
# Trained again by hand, as the tutorial goes on.
hypermodel = tuner.hypermodel.build(best_hps)
history = hypermodel.fit(x_train, y_train, epochs=2, validation_split=0.2, verbose=0)
best_epoch = int(np.argmax(history.history["val_accuracy"])) + 1
assert best_epoch in (1, 2)
