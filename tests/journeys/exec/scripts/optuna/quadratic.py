"""Minimise a quadratic function of two variables.

Run it as: python quadratic.py
"""

import optuna


def objective(trial):
    x = trial.suggest_float("x", -100, 100)
    y = trial.suggest_categorical("y", [-1, 0, 1])
    return x**2 + y


if __name__ == "__main__":
    study = optuna.create_study()
    study.optimize(objective, n_trials=40, timeout=600)

    print(f"Number of finished trials: {len(study.trials)}")
    print("Best trial:")
    print(f"  Value: {study.best_value}")
    print("  Params:")
    for key, value in study.best_params.items():
        print(f"    {key}: {value}")

    assert len(study.trials) == 40
    assert all(t.state == optuna.trial.TrialState.COMPLETE for t in study.trials)
    assert set(study.best_params) == {"x", "y"}
    assert all(-100 <= t.params["x"] <= 100 for t in study.trials)
    assert all(t.params["y"] in (-1, 0, 1) for t in study.trials)
    assert study.best_value == min(t.value for t in study.trials) < 2500
