"""Try every combination on a grid."""

import optuna


def objective(trial):
    x = trial.suggest_int("x", -100, 100)
    y = trial.suggest_int("y", -100, 100)
    return x**2 + y**2


search_space = {"x": [-50, 0, 50], "y": [-99, 0, 99]}
study = optuna.create_study(sampler=optuna.samplers.GridSampler(search_space))
study.optimize(objective, n_trials=3 * 3)

for t in sorted(study.trials, key=lambda t: t.value):
    print(t.value, t.params)

assert len(study.trials) == 9
assert all(-100 <= v <= 100 for t in study.trials for v in t.params.values())
assert len({(t.params["x"], t.params["y"]) for t in study.trials}) > 1
