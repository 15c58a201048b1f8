import optuna


def objective(trial):
    x = trial.suggest_float("x", -1, 1)
    y = trial.suggest_int("y", -1, 1)
    return x**2 + y


study = optuna.create_study()
study.optimize(objective, n_trials=10)

# Hold y where it is best, and go on with x alone.
best_params = study.best_params
fixed_params = {"y": best_params["y"]}
study.sampler = optuna.samplers.PartialFixedSampler(fixed_params, study.sampler)
study.optimize(objective, n_trials=10)

print(study.best_params)

assert len(study.trials) == 20
assert {t.params["y"] for t in study.trials[10:]} == {best_params["y"]}
assert len({t.params["x"] for t in study.trials[10:]}) == 10
