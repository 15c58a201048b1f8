# The same seed gives the same search.
import optuna


def objective(trial):
    x = trial.suggest_float("x", -10, 10)
    k = trial.suggest_int("k", 1, 50)
    c = trial.suggest_categorical("c", ["relu", "tanh"])
    return x * k * (1 if c == "relu" else -1)


def run(seed):
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
    study.optimize(objective, n_trials=15)
    return [t.params for t in study.trials]


first, second = run(8), run(8)
print(first[-1])
assert first == second
