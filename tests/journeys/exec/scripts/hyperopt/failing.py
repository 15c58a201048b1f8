"""Trials that fail, by status and by exception."""

from hyperopt import STATUS_FAIL, STATUS_OK, Trials, fmin, hp, tpe
from hyperopt.exceptions import AllTrialsFailed


def objective(params):
    if params["x"] < 0:
        return {"status": STATUS_FAIL, "reason": "x is negative"}
    return {"status": STATUS_OK, "loss": (params["x"] - 3) ** 2}


trials = Trials()
best = fmin(objective, {"x": hp.uniform("x", -5, 5)}, algo=tpe.suggest, max_evals=30, trials=trials)
failed = [t for t in trials.trials if t["result"]["status"] == STATUS_FAIL]
print(best, len(failed), "failed")

assert best["x"] >= 0
assert len(trials.trials) == 30
assert all(t["misc"]["vals"]["x"][0] < 0 for t in failed)
assert all(t["result"]["reason"] == "x is negative" for t in failed)
assert trials.losses().count(None) == len(failed)

# If each of them fails there is no best one.
all_failed = Trials()
try:
    fmin(
        lambda p: {"status": STATUS_FAIL},
        {"x": hp.uniform("x", 0, 1)},
        algo=tpe.suggest,
        max_evals=4,
        trials=all_failed,
    )
except AllTrialsFailed:
    print("all failed, as expected")
else:
    raise AssertionError("AllTrialsFailed expected")

# An exception of the objective's ends the search.
try:
    fmin(lambda x: 1 / 0, hp.uniform("x", 0, 1), algo=tpe.suggest, max_evals=4)
except ZeroDivisionError:
    print("raised, as expected")
else:
    raise AssertionError("ZeroDivisionError expected")
