"""A Hyperopt space and function as written for fmin, on scikit-learn's breast cancer data.

crosstune run examples/hyperopt_code.yaml --backend optuna
python examples/hyperopt_code.py            # and in fmin still, with another sampler
"""

import math

import numpy as np
from hyperopt import STATUS_FAIL, STATUS_OK, fmin, hp, space_eval
from hyperopt.pyll import scope
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

space = hp.choice(
    "model",
    [
        {
            "type": "svm",
            "C": hp.lognormal("C", 0, 2),
            "kernel": hp.choice(
                "kernel",
                ["linear", {"name": "rbf", "gamma": hp.loguniform("gamma", math.log(1e-4), 0)}],
            ),
        },
        {
            "type": "forest",
            "n_estimators": scope.int(hp.quniform("trees", 10, 60, 10)),
            "max_depth": hp.choice("max_depth", [None, hp.uniformint("depth", 1, 8)]),
            "criterion": hp.pchoice("criterion", [(0.7, "gini"), (0.3, "entropy")]),
        },
    ],
)


def error(params):
    """One minus the accuracy of three folds."""
    settings = dict(params)
    if settings.pop("type") == "forest":
        model = RandomForestClassifier(random_state=0, **settings)
    else:
        kernel = settings["kernel"]
        more = {"kernel": kernel}
        if kernel != "linear":
            more = {"kernel": kernel["name"], "gamma": kernel["gamma"]}
        if settings["C"] > 1e4:
            return {"status": STATUS_FAIL, "why": "it would not converge"}
        model = make_pipeline(StandardScaler(), SVC(C=settings["C"], **more))
    scores = cross_val_score(model, *load_breast_cancer(return_X_y=True), cv=3)
    return {"status": STATUS_OK, "loss": 1 - scores.mean(), "spread": scores.std()}


if __name__ == "__main__":
    from crosstune.adapters.hyperopt import suggest

    best = fmin(
        error, space, algo=suggest("optuna:tpe"), max_evals=25, rstate=np.random.default_rng(0)
    )
    print(space_eval(space, best))
