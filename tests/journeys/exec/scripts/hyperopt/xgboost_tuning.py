"""XGBoost's usual parameters by fmin, in the manner of the many posts about it."""

import numpy as np
import xgboost as xgb
from hyperopt import STATUS_OK, Trials, fmin, hp, tpe
from sklearn.datasets import load_breast_cancer
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split

X, y = load_breast_cancer(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.3, random_state=0)

space = {
    "max_depth": hp.quniform("max_depth", 3, 18, 1),
    "gamma": hp.uniform("gamma", 1, 9),
    "reg_alpha": hp.quniform("reg_alpha", 40, 180, 1),
    "reg_lambda": hp.uniform("reg_lambda", 0, 1),
    "colsample_bytree": hp.uniform("colsample_bytree", 0.5, 1),
    "min_child_weight": hp.quniform("min_child_weight", 0, 10, 1),
    "n_estimators": 20,
    "seed": 0,
}


def objective(space):
    clf = xgb.XGBClassifier(
        n_estimators=space["n_estimators"],
        max_depth=int(space["max_depth"]),
        gamma=space["gamma"],
        reg_alpha=int(space["reg_alpha"]),
        reg_lambda=space["reg_lambda"],
        min_child_weight=int(space["min_child_weight"]),
        colsample_bytree=space["colsample_bytree"],
        n_jobs=1,
    )
    clf.fit(X_train, y_train, eval_set=[(X_test, y_test)], verbose=False)
    accuracy = accuracy_score(y_test, clf.predict(X_test))
    return {"loss": -accuracy, "status": STATUS_OK}


trials = Trials()
best_hyperparams = fmin(fn=objective, space=space, algo=tpe.suggest, max_evals=20, trials=trials)

print("The best hyperparameters are : ", "\n")
print(best_hyperparams)
assert len(trials) == 20
assert set(best_hyperparams) == set(space) - {"n_estimators", "seed"}
assert np.min(trials.losses()) <= -0.6
assert best_hyperparams["max_depth"] in range(3, 19)
