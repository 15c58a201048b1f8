"""A choice among classifiers, each with its own parameters."""

import numpy as np
from hyperopt import STATUS_OK, Trials, fmin, hp, space_eval, tpe
from hyperopt.pyll import scope
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import cross_val_score
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import SVC

X, y = load_iris(return_X_y=True)

space = hp.choice(
    "classifier_type",
    [
        {"type": "naive_bayes"},
        {
            "type": "svm",
            "C": hp.lognormal("svm_C", 0, 1),
            "kernel": hp.choice(
                "svm_kernel",
                [
                    {"ktype": "linear"},
                    {"ktype": "rbf", "width": hp.lognormal("svm_rbf_width", 0, 1)},
                ],
            ),
        },
        {
            "type": "forest",
            "criterion": hp.choice("forest_criterion", ["gini", "entropy"]),
            "max_depth": hp.choice(
                "forest_max_depth", [None, scope.int(hp.qlognormal("forest_depth", 3, 1, 1)) + 1]
            ),
            "n_estimators": scope.int(hp.quniform("forest_n", 5, 20, 5)),
        },
    ],
)


def build(params):
    if params["type"] == "naive_bayes":
        return GaussianNB()
    if params["type"] == "svm":
        kernel = params["kernel"]
        if kernel["ktype"] == "linear":
            return SVC(C=params["C"], kernel="linear")
        return SVC(C=params["C"], kernel="rbf", gamma=1 / kernel["width"])
    assert isinstance(params["n_estimators"], int)
    return RandomForestClassifier(
        criterion=params["criterion"],
        max_depth=params["max_depth"],
        n_estimators=params["n_estimators"],
    )


def objective(params):
    accuracy = cross_val_score(build(params), X, y, cv=3).mean()
    return {"loss": -accuracy, "status": STATUS_OK, "params": params["type"]}


if __name__ == "__main__":
    trials = Trials()
    best = fmin(
        objective,
        space,
        algo=tpe.suggest,
        max_evals=20,
        trials=trials,
        rstate=np.random.default_rng(42),
        show_progressbar=False,
    )
    print("indices:", best)
    best_params = space_eval(space, best)
    print("values:", best_params)

    kinds = ["naive_bayes", "svm", "forest"]
    assert best_params["type"] == kinds[best["classifier_type"]]
    assert len(trials.trials) == 20
    assert min(trials.losses()) < -0.8
    for trial in trials.trials:
        vals = {k: v[0] for k, v in trial["misc"]["vals"].items() if v}
        kind = kinds[vals["classifier_type"]]
        assert trial["result"]["params"] == kind
        if kind == "naive_bayes":
            assert set(vals) == {"classifier_type"}
        elif kind == "svm":
            assert ("svm_rbf_width" in vals) == (vals["svm_kernel"] == 1)
            assert "forest_n" not in vals
        else:
            assert vals["forest_n"] in (5, 10, 15, 20)
            assert ("forest_depth" in vals) == (vals["forest_max_depth"] == 1)
