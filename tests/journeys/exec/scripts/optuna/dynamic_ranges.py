"""Ranges that depend on what was drawn before, and layers as many as were asked for."""

import optuna


def objective(trial):
    high = trial.suggest_float("high", 1.0, 10.0)
    x = trial.suggest_float("x", 0, high)

    n_layers = trial.suggest_int("n_layers", 1, 4)
    units = 128
    total = 0
    for i in range(n_layers):
        units = trial.suggest_int(f"n_units_l{i}", 4, units, log=True)
        total += units
    return (x - 0.5) ** 2 + total / 1000


study = optuna.create_study()
study.optimize(objective, n_trials=30)

print(study.best_params)

assert len(study.trials) == 30
for t in study.trials:
    assert t.state == optuna.trial.TrialState.COMPLETE
    assert 0 <= t.params["x"] <= t.params["high"]
    layers = [t.params[f"n_units_l{i}"] for i in range(t.params["n_layers"])]
    assert layers == sorted(layers, reverse=True)
    assert all(4 <= n <= 128 for n in layers)
    assert len(t.params) == 3 + len(layers)
