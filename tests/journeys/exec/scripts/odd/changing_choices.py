import optuna


def objective(trial):
    choices = ["a", "b"] if trial.number < 4 else ["a", "b", "c"]
    return {"a": 1, "b": 2, "c": 0}[trial.suggest_categorical("c", choices)]


study = optuna.create_study()
study.optimize(objective, n_trials=10)
