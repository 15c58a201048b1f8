"""Keep the trials in a file, and go on from it."""

import os

from hyperopt import fmin, hp, tpe

count = 0


def fn(x):
    global count
    count += 1
    return (x - 1) ** 2


space = hp.uniform("x", -5, 5)
fmin(fn, space, algo=tpe.suggest, max_evals=10, trials_save_file="trials.hyperopt")
assert os.path.exists("trials.hyperopt")
assert count == 10

best = fmin(fn, space, algo=tpe.suggest, max_evals=25, trials_save_file="trials.hyperopt")
print(best, "after", count)
assert count == 25
assert -5 <= best["x"] <= 5
