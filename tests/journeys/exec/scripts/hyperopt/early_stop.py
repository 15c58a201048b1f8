from hyperopt import Trials, fmin, hp, tpe
from hyperopt.early_stop import no_progress_loss

# Nothing gets better, so this ends long before its 1000 trials.
trials = Trials()
fmin(
    lambda x: 1.0,
    hp.uniform("x", 0, 1),
    algo=tpe.suggest,
    max_evals=1000,
    trials=trials,
    early_stop_fn=no_progress_loss(10),
)
print("no progress after", len(trials), "trials")
assert 10 <= len(trials) <= 15


# An own rule.
def stop_at_five(trials, *args):
    return len(trials.trials) >= 5, []


trials = Trials()
fmin(
    lambda x: x,
    hp.uniform("x", 0, 1),
    algo=tpe.suggest,
    max_evals=100,
    trials=trials,
    early_stop_fn=stop_at_five,
)
assert len(trials) == 5

# Good enough.
trials = Trials()
best = fmin(
    lambda x: abs(x),
    hp.uniform("x", -1, 1),
    algo=tpe.suggest,
    max_evals=500,
    trials=trials,
    loss_threshold=0.2,
)
print("threshold reached by", best, "after", len(trials))
assert abs(best["x"]) <= 0.2
assert len(trials) < 500
assert all(loss > 0.2 for loss in trials.losses()[:-1])

# Out of time.
trials = Trials()
fmin(
    lambda x: x,
    hp.uniform("x", 0, 1),
    algo=tpe.suggest,
    timeout=1,
    trials=trials,
    show_progressbar=False,
)
print(len(trials), "trials in a second")
assert len(trials) >= 1
