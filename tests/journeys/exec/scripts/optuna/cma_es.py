import math

import optuna


def objective(trial):
    x = [trial.suggest_float(f"x{i}", -5.12, 5.12) for i in range(3)]
    return 10 * len(x) + sum(v * v - 10 * math.cos(2 * math.pi * v) for v in x)


sampler = optuna.samplers.CmaEsSampler(
    x0={"x0": 1.0, "x1": 1.0, "x2": 1.0}, sigma0=0.5, seed=11, n_startup_trials=1
)
study = optuna.create_study(sampler=sampler)
study.optimize(objective, n_trials=50, n_jobs=1)

print(f"best value {study.best_value:.4f} in {len(study.trials)} trials")
assert len(study.trials) == 50
assert all(-5.12 <= v <= 5.12 for t in study.trials for v in t.params.values())
assert study.best_value < 60
