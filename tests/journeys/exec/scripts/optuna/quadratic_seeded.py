import sys

import optuna

n_trials = int(sys.argv[1]) if len(sys.argv) > 1 else 25


def objective(trial):
    x = trial.suggest_float("x", -10, 10)
    return (x - 2) ** 2


sampler = optuna.samplers.TPESampler(seed=10)
study = optuna.create_study(sampler=sampler)
study.optimize(objective, n_trials=n_trials)

print(study.best_params)
print("best value:", study.best_value)

assert len(study.trials) == n_trials
assert abs(study.best_params["x"] - 2) < 5, study.best_params
