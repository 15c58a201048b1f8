import threading
import time

import optuna

names = set()


def objective(trial):
    names.add(threading.current_thread().name)
    x = trial.suggest_float("x", -5, 5)
    kind = trial.suggest_categorical("kind", ["plain", "shifted"])
    shift = trial.suggest_float("shift", -1, 1) if kind == "shifted" else 0.0
    time.sleep(0.01)
    return (x - shift) ** 2


study = optuna.create_study()
study.optimize(objective, n_trials=30, n_jobs=2)
print("best:", study.best_params, "by", len(names), "threads")

assert len(study.trials) == 30
assert all(t.state == optuna.trial.TrialState.COMPLETE for t in study.trials)
assert len(names) >= 2, names
for t in study.trials:
    assert ("shift" in t.params) == (t.params["kind"] == "shifted")
