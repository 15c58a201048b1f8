# atexit, warnings and the locale of a script are its own.
import atexit
import warnings

import optuna


def farewell():
    print("farewell", flush=True)


atexit.register(farewell)
warnings.warn("a warning of the script's", UserWarning, stacklevel=1)
optuna.create_study().optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)
