# The same name twice in one trial gives the same value twice; an impossible one raises.
import optuna


def objective(trial):
    x = trial.suggest_float("x", 0, 1)
    assert trial.suggest_float("x", 0, 1) == x
    assert trial.suggest_float("only", 2.5, 2.5) == 2.5
    assert trial.suggest_categorical("one", ["alone"]) == "alone"
    return x


study = optuna.create_study()
study.optimize(objective, n_trials=6)
assert len(study.trials) == 6

try:
    study.optimize(lambda trial: trial.suggest_float("y", 3, 1), n_trials=1)
except ValueError as error:
    print("as expected:", error)
else:
    raise AssertionError("low above high")
