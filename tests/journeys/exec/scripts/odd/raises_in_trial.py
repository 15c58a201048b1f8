import optuna


def objective(trial):
    x = trial.suggest_float("x", 0, 1)
    if trial.number == 2:
        raise RuntimeError("the third trial cannot be done")
    return x


optuna.create_study().optimize(objective, n_trials=5)
