"""Objectives that raise, return NaN or None, with catch."""

import math

import optuna
from optuna.trial import TrialState


def objective(trial):
    x = trial.suggest_float("x", -10, 10)
    if trial.number % 5 == 1:
        raise ValueError("a matrix that cannot be inverted")
    if trial.number % 5 == 2:
        return float("nan")
    if trial.number % 5 == 3:
        return math.sqrt(-1)
    return x**2


study = optuna.create_study()
study.optimize(objective, n_trials=20, catch=(ValueError,))
states = [t.state for t in study.trials]
print(states.count(TrialState.FAIL), "failed,", states.count(TrialState.COMPLETE), "complete")

assert len(states) == 20
assert states == [TrialState.COMPLETE if i % 5 in (0, 4) else TrialState.FAIL for i in range(20)]
assert math.isfinite(study.best_value)

# What is not caught ends the loop.
try:
    study.optimize(lambda trial: 1 / 0, n_trials=3, catch=(ValueError,))
except ZeroDivisionError:
    print("as expected")
else:
    raise AssertionError("the error is the script's")
assert len(study.trials) == 21
assert study.trials[-1].state == TrialState.FAIL
