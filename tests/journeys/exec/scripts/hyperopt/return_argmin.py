import numpy as np
from hyperopt import Trials, anneal, fmin, hp

space = [hp.uniform("a", 0, 1), hp.loguniform("b", np.log(1e-4), np.log(1.0)), hp.normal("c", 0, 2)]


def fn(args):
    a, b, c = args
    return a + b + c**2


trials = Trials()
loss = fmin(
    fn,
    space,
    algo=anneal.suggest,
    max_evals=30,
    trials=trials,
    return_argmin=False,
    rstate=np.random.default_rng(0),
    verbose=False,
)
print("result:", loss)

assert len(trials) == 30
best = trials.argmin
assert set(best) == {"a", "b", "c"}
assert 0 <= best["a"] <= 1
assert 1e-4 * 0.999 <= best["b"] <= 1.001
assert abs(fn((best["a"], best["b"], best["c"])) - min(trials.losses())) < 1e-12
