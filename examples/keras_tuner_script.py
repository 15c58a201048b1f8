"""A Keras Tuner script on another engine: the one line that differs is marked.

python examples/keras_tuner_script.py [backend] [sampler]
"""

import sys
import tempfile

from crosstune import KerasTuner  # isort: skip  # first: Keras starts on what is installed
import keras
import keras_tuner
from sklearn.datasets import load_digits


def build_model(hp: keras_tuner.HyperParameters) -> keras.Model:
    """A classifier of 8 x 8 digits."""
    model = keras.Sequential([keras.Input((64,))])
    for layer in range(hp.Int("layers", 1, 2)):
        units = hp.Int(f"units_{layer}", 16, 64, step=16)
        model.add(keras.layers.Dense(units, activation="relu"))
    model.add(keras.layers.Dense(10, activation="softmax"))
    optimizer = hp.Choice("optimizer", ["adam", "sgd"])
    rate = hp.Float("rate", 1e-4, 1e-1, sampling="log")
    momentum = 0.0
    with hp.conditional_scope("optimizer", ["sgd"]):
        momentum = hp.Float("momentum", 0.0, 0.9)
    made = (
        keras.optimizers.Adam(rate)
        if optimizer == "adam"
        else keras.optimizers.SGD(rate, momentum=momentum)
    )
    model.compile(made, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def main() -> None:
    """Search, show the best trials, and score the best model on data kept aside."""
    backend = sys.argv[1] if len(sys.argv) > 1 else "optuna"
    sampler = sys.argv[2] if len(sys.argv) > 2 else "bayesian"
    x, y = load_digits(return_X_y=True)
    x = (x / 16).astype("float32")
    # It was: tuner = keras_tuner.RandomSearch(
    tuner = KerasTuner(
        build_model,
        backend=backend,
        sampler=sampler,
        pruner="median",
        objective="val_accuracy",
        max_trials=8,
        seed=1,
        directory=tempfile.mkdtemp(),
    )
    tuner.search(x[:1000], y[:1000], validation_data=(x[1000:1400], y[1000:1400]), epochs=5)
    tuner.results_summary(3)
    print(tuner.study.trials_dataframe(attrs=("number", "value", "state")))
    model = tuner.get_best_models()[0]
    print("test accuracy:", model.evaluate(x[1400:], y[1400:], verbose=0)[1])


if __name__ == "__main__":
    main()
