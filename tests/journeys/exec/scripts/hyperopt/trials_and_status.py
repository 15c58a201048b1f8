import pickle
import time

from hyperopt import STATUS_OK, Trials, fmin, hp, tpe


def objective(x):
    return {
        "loss": x**2,
        "status": STATUS_OK,
        # Anything else goes along.
        "eval_time": time.time(),
        "other_stuff": {"type": None, "value": [0, 1, 2]},
        # Attachments are kept apart.
        "attachments": {"time_module": pickle.dumps(time.time)},
    }


trials = Trials()
best = fmin(
    objective, space=hp.uniform("x", -10, 10), algo=tpe.suggest, max_evals=25, trials=trials
)

print(best)
msg = trials.trial_attachments(trials.trials[5])["time_module"]
time_module = pickle.loads(msg)

assert time_module() > 0
assert len(trials) == 25 == len(trials.trials)
assert len(trials.results) == len(trials.losses()) == len(trials.statuses()) == 25
assert set(trials.statuses()) == {"ok"}
assert all(r["other_stuff"]["value"] == [0, 1, 2] for r in trials.results)
assert trials.best_trial["result"]["loss"] == min(trials.losses())
assert trials.argmin == best
assert trials.vals["x"] == [t["misc"]["vals"]["x"][0] for t in trials.trials]
assert [v**2 for v in trials.vals["x"]] == trials.losses()
