# The same seed twice, and each algorithm.
import numpy as np
from hyperopt import Trials, anneal, fmin, hp, rand, tpe

space = {
    "lr": hp.loguniform("lr", -9, 0),
    "momentum": hp.uniform("momentum", 0, 1),
    "layers": hp.quniform("layers", 1, 5, 1),
}


def fn(p):
    return p["lr"] + p["momentum"] + p["layers"]


def run(algo, seed):
    trials = Trials()
    fmin(
        fn,
        space,
        algo=algo,
        max_evals=25,
        trials=trials,
        rstate=np.random.default_rng(seed),
        show_progressbar=False,
    )
    return trials.vals


for algo in (rand.suggest, tpe.suggest, anneal.suggest):
    first, second, other = run(algo, 1), run(algo, 1), run(algo, 2)
    print(algo.__module__, first["lr"][-1])
    assert first == second
    assert first != other
    assert all(len(v) == 25 for v in first.values())
    assert all(1e-4 < v <= 1.0001 for v in first["lr"])
