# Linear first, logarithmic later, which Optuna allows.
import optuna


def objective(trial):
    if trial.number < 5:
        x = trial.suggest_float("x", 1, 10)
        n = trial.suggest_int("n", 0, 12, step=3)
    else:
        x = trial.suggest_float("x", 1e-3, 10, log=True)
        n = trial.suggest_int("n", 1, 100)
    return x + n


study = optuna.create_study()
study.optimize(objective, n_trials=12)
print(study.best_params)
assert len(study.trials) == 12
assert all(t.params["n"] % 3 == 0 for t in study.trials[:5])
