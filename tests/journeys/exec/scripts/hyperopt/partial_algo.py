from functools import partial

import numpy as np
from hyperopt import Trials, anneal, fmin, hp, mix, rand, tpe

space = {"x": hp.uniform("x", -3, 3), "p": hp.pchoice("p", [(0.1, "rare"), (0.9, "often")])}


def objective(params):
    assert params["p"] in ("rare", "often")
    return params["x"] ** 2 + (1 if params["p"] == "rare" else 0)


algo = partial(tpe.suggest, n_startup_jobs=5, gamma=0.3, n_EI_candidates=12)
trials = Trials()
best = fmin(objective, space, algo=algo, max_evals=25, trials=trials)
print(best)
assert len(trials) == 25
assert best["p"] in (0, 1)

mixed = partial(
    mix.suggest, p_suggest=[(0.2, rand.suggest), (0.5, tpe.suggest), (0.3, anneal.suggest)]
)
trials = Trials()
best = fmin(
    lambda x: x**2,
    hp.uniform("x", -3, 3),
    algo=mixed,
    max_evals=25,
    trials=trials,
    rstate=np.random.default_rng(3),
)
print(best)
assert len(trials) == 25
assert abs(best["x"]) <= 3
