import keras
import keras_tuner as kt
import numpy as np

keras.utils.set_random_seed(1)
x, y = np.random.rand(32, 4), np.random.rand(32)
built = []


def build_model(hp):
    built.append(1)
    model = keras.Sequential([keras.layers.Dense(hp.Int("units", 2, 40)), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    return model


tuner = kt.BayesianOptimization(
    build_model,
    objective="val_loss",
    max_trials=3,
    executions_per_trial=2,
    overwrite=True,
    directory="twice",
    project_name="p",
)
before = len(built)
tuner.search(x, y, epochs=1, validation_data=(x, y), verbose=0)
print(len(built) - before, "models built in the search")

trials = tuner.oracle.get_best_trials(5)
assert len(trials) == 3
assert len(built) - before >= 6
for trial in trials:
    assert trial.best_step in (0, 1)
    assert trial.score > 0
