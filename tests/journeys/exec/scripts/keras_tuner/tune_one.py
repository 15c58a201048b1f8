"""Hold all the hyperparameters of an existing model but one."""

import keras
import keras_tuner
import numpy as np

x, y = np.random.rand(40, 6).astype("float32"), np.random.randint(0, 2, 40)


def build_model(hp):
    model = keras.Sequential()
    model.add(keras.layers.Dense(hp.Int("units", 8, 32, step=8), hp.Choice("act", ["relu", "elu"])))
    if hp.Boolean("dropout", default=False):
        model.add(keras.layers.Dropout(0.2))
    model.add(keras.layers.Dense(1, "sigmoid"))
    lr = hp.Float("learning_rate", 1e-4, 1e-2, sampling="log", default=1e-3)
    model.compile(keras.optimizers.Adam(lr), "binary_crossentropy", metrics=["accuracy"])
    return model


hp = keras_tuner.HyperParameters()
# The learning rate's range is another one here.
hp.Float("learning_rate", min_value=1e-3, max_value=5e-2, sampling="log")

tuner = keras_tuner.RandomSearch(
    build_model,
    hyperparameters=hp,
    # What is not listed keeps its default.
    tune_new_entries=False,
    objective="val_accuracy",
    max_trials=3,
    overwrite=True,
    directory="my_dir",
    project_name="one",
)
tuner.search(x, y, epochs=1, validation_split=0.2, verbose=0)

for trial in tuner.oracle.get_best_trials(5):
    values = trial.hyperparameters.values
    print(values)
    assert 1e-3 <= values["learning_rate"] <= 5e-2
    assert values.get("units", 8) == 8
    assert values.get("act", "relu") == "relu"
assert len(tuner.oracle.get_best_trials(5)) == 3

# The other way round: one held, the others tuned, and the optimizer overridden.
hp = keras_tuner.HyperParameters()
hp.Fixed("learning_rate", value=2e-3)
tuner = keras_tuner.RandomSearch(
    build_model,
    hyperparameters=hp,
    tune_new_entries=True,
    objective="val_accuracy",
    max_trials=3,
    optimizer="sgd",
    overwrite=True,
    directory="my_dir",
    project_name="others",
)
tuner.search(x, y, epochs=1, validation_split=0.2, verbose=0)
for trial in tuner.oracle.get_best_trials(5):
    assert trial.hyperparameters.get("learning_rate") == 2e-3
    assert trial.hyperparameters.get("units") in (8, 16, 24, 32)
assert len(tuner.oracle.get_best_trials(5)) == 3
