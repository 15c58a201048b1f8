from hyperopt import Trials, fmin, hp, tpe
from hyperopt.pyll.base import scope

space = {
    "max_depth": scope.int(hp.quniform("max_depth", 2, 10, 1)),
    "n_estimators": scope.int(hp.quniform("n_estimators", 50, 500, 50)),
    "hidden": scope.int(hp.qloguniform("hidden", 2, 5, 8)),
    "batch": hp.choice("batch", [16, 32, 64]),
    "seed": hp.randint("seed", 5),
    "offset": hp.uniformint("offset", 1, 4),
    "fixed": 3,
}


def objective(params):
    assert isinstance(params["max_depth"], int)
    assert isinstance(params["n_estimators"], int)
    assert params["n_estimators"] % 50 == 0
    assert params["hidden"] % 8 == 0
    assert params["batch"] in (16, 32, 64)
    assert 0 <= params["seed"] < 5
    assert 1 <= params["offset"] <= 4
    assert params["fixed"] == 3
    return abs(params["max_depth"] - 6) + abs(params["n_estimators"] - 200) / 100


trials = Trials()
best = fmin(objective, space, tpe.suggest, 40, trials=trials)
print(best)

assert len(trials) == 40
assert 2 <= best["max_depth"] <= 10
assert best["batch"] in (0, 1, 2)
assert "fixed" not in best
assert min(trials.losses()) < 4
