# A parameter that is now a float, now an int, now a category.
import optuna


def objective(trial):
    if trial.number % 3 == 0:
        return trial.suggest_float("x", 0, 10)
    if trial.number % 3 == 1:
        return trial.suggest_int("x", 0, 10)
    return {"a": 1, "b": 2}[trial.suggest_categorical("x", ["a", "b"])]


study = optuna.create_study()
study.optimize(objective, n_trials=9)
