"""Random search first, TPE afterwards, by giving the study another sampler."""

import optuna


def objective(trial):
    x = trial.suggest_float("x", -5, 5)
    y = trial.suggest_float("y", -5, 5)
    return (x - 1) ** 2 + (y + 2) ** 2


study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
study.optimize(objective, n_trials=10)
print("after random search:", study.best_value)

study.sampler = optuna.samplers.TPESampler(seed=0, n_startup_trials=5)
study.optimize(objective, n_trials=15)
print("after TPE:", study.best_value)

study.sampler = optuna.samplers.QMCSampler(seed=0)
study.optimize(objective, n_trials=5)

assert len(study.trials) == 30
assert all(t.state == optuna.trial.TrialState.COMPLETE for t in study.trials)
assert len({tuple(t.params.values()) for t in study.trials}) == 30
