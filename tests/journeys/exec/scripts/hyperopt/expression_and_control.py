"""A function that evaluates the space itself, weights, and what comes back of the best trial."""

import hyperopt
import numpy as np
from hyperopt import STATUS_FAIL, STATUS_OK, Trials, fmin, hp, pyll, space_eval, tpe

space = {
    "a": hp.qnormal("a", 0, 3, 0.5),
    "b": hp.pchoice(
        "b",
        [
            (0.2, {"n": hp.quniform("n", 0, 10, 2)}),
            (0.8, {"n": hp.qloguniform("m", 0, 3, 1)}),
        ],
    ),
}


@hyperopt.fmin_pass_expr_memo_ctrl
def objective(expr, memo, ctrl):
    point = pyll.rec_eval(expr, memo=memo)
    return {
        "loss": point["a"] ** 2 + point["b"]["n"],
        "status": STATUS_OK if point["a"] < 4 else STATUS_FAIL,
        "tid": ctrl.current_trial["tid"],
    }


trials = Trials()
best = fmin(
    objective,
    space,
    algo=tpe.suggest,
    max_evals=25,
    trials=trials,
    rstate=np.random.default_rng(3),
    show_progressbar=False,
)

print(best, space_eval(space, best))
assert [result["tid"] for result in trials.results] == list(range(25))
assert best == trials.argmin
# As the library's own algorithms have it, the numbers are of numpy.
plain = {name: value.item() for name, value in best.items()}
assert type(plain["a"]) is float and type(plain["b"]) is int
assert (best["a"] * 2).round() == best["a"] * 2
