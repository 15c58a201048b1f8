import optuna


def objective(trial):
    trial.suggest_float("x", 0, 1)
    if trial.number == 1:
        raise KeyboardInterrupt
    return 0.0


optuna.create_study().optimize(objective, n_trials=5)
