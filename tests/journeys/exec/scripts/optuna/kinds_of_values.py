"""Choices of several types, ranges of a single value, steps, and a range over many magnitudes."""

import math

import optuna


def objective(trial):
    cache = trial.suggest_categorical("cache", [None, True, 1.5, "disk", 3])
    kernel = trial.suggest_categorical("kernel", [(3, 3), (5, 5)])
    layers = trial.suggest_int("layers", 5, 5)
    scale = trial.suggest_float("scale", 1.0, 1.0)
    dropout = trial.suggest_float("dropout", 0, 1, step=0.25)
    buffer = trial.suggest_int("buffer", 1, 10**15, log=True)
    shift = trial.suggest_int("shift", -20, -2, step=3)
    penalty = trial.suggest_float("a name/with [odd] letters", 1e-12, 1e12, log=True)

    assert any(cache is known for known in (None, True)) or cache in (1.5, "disk", 3)
    assert type(kernel) is tuple
    assert (layers, scale) == (5, 1.0)
    assert dropout in (0, 0.25, 0.5, 0.75, 1)
    assert type(buffer) is int and 1 <= buffer <= 10**15
    assert shift in range(-20, -1, 3)
    trial.set_user_attr("kept", [1, {"kernel": kernel}])
    if trial.number % 5 == 1:
        return float("inf")
    if trial.number % 5 == 2:
        return float("nan")
    return abs(math.log10(penalty)) + dropout + shift


if __name__ == "__main__":
    study = optuna.create_study()
    study.optimize(objective, n_trials=15)

    print([trial.state.name for trial in study.trials])
    failed = [trial.number for trial in study.trials if trial.state.name == "FAIL"]
    assert failed == [2, 7, 12]
    assert math.isfinite(study.best_value)
    # The function again, at the best of its points.
    assert objective(optuna.trial.FixedTrial(study.best_params, number=0)) == study.best_value
