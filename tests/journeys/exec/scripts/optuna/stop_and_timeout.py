import time

import optuna


def objective(trial):
    x = trial.suggest_float("x", 0, 10)
    if trial.number == 6:
        trial.study.stop()
    return x


study = optuna.create_study(direction="maximize")
study.optimize(objective, n_trials=50)
print("stopped at", len(study.trials))
assert len(study.trials) == 7


def slow_objective(trial):
    time.sleep(0.1)
    return trial.suggest_float("x", 0, 10)


study = optuna.create_study()
start = time.time()
study.optimize(slow_objective, timeout=0.6)
elapsed = time.time() - start
print(f"{len(study.trials)} trials in {elapsed:.2f} s")
assert 1 <= len(study.trials) <= 7
assert 0.6 <= elapsed < 6
