"""More evaluations round by round, on the same trials."""

from hyperopt import STATUS_OK, Trials, fmin, hp, tpe

trials = Trials()
calls = []


def f(params):
    calls.append(params["x"])
    return {"loss": params["x"] ** 2 + params["y"], "status": STATUS_OK}


space = {"x": hp.uniform("x", -5, 5), "y": hp.uniform("y", 0, 1)}
previous = float("inf")
for max_evals in range(5, 30, 5):
    best = fmin(
        f, space, algo=tpe.suggest, max_evals=max_evals, trials=trials, show_progressbar=False
    )
    loss = trials.best_trial["result"]["loss"]
    print(max_evals, loss, best)
    assert len(trials.trials) == max_evals == len(calls)
    assert loss <= previous
    previous = loss
assert [t["misc"]["vals"]["x"][0] for t in trials.trials] == calls
