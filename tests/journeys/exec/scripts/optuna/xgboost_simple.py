import numpy as np
import optuna
import sklearn.datasets
import sklearn.metrics
import xgboost as xgb
from sklearn.model_selection import train_test_split


def objective(trial):
    (data, target) = sklearn.datasets.load_breast_cancer(return_X_y=True)
    train_x, valid_x, train_y, valid_y = train_test_split(data, target, test_size=0.25)
    dtrain = xgb.DMatrix(train_x, label=train_y)
    dvalid = xgb.DMatrix(valid_x, label=valid_y)

    param = {
        "verbosity": 0,
        "nthread": 1,
        "objective": "binary:logistic",
        "booster": trial.suggest_categorical("booster", ["gbtree", "gblinear", "dart"]),
        "lambda": trial.suggest_float("lambda", 1e-8, 1.0, log=True),
        "alpha": trial.suggest_float("alpha", 1e-8, 1.0, log=True),
    }

    if param["booster"] in ["gbtree", "dart"]:
        # The depth of the trees, and how careful a new one is.
        param["max_depth"] = trial.suggest_int("max_depth", 3, 9, step=2)
        param["eta"] = trial.suggest_float("eta", 1e-8, 1.0, log=True)
        param["grow_policy"] = trial.suggest_categorical("grow_policy", ["depthwise", "lossguide"])

    if param["booster"] == "dart":
        param["sample_type"] = trial.suggest_categorical("sample_type", ["uniform", "weighted"])
        param["rate_drop"] = trial.suggest_float("rate_drop", 1e-8, 1.0, log=True)

    bst = xgb.train(param, dtrain, num_boost_round=10)
    pred_labels = np.rint(bst.predict(dvalid))
    return sklearn.metrics.accuracy_score(valid_y, pred_labels)


if __name__ == "__main__":
    study = optuna.create_study(direction="maximize")
    study.optimize(objective, n_trials=15, timeout=600)

    print("Number of finished trials: ", len(study.trials))
    print("Best trial:")
    trial = study.best_trial
    print(f"  Value: {trial.value}")
    print("  Params: ")
    for key, value in trial.params.items():
        print(f"    {key}: {value}")

    always = {"booster", "lambda", "alpha"}
    trees = {"max_depth", "eta", "grow_policy"}
    wanted = {
        "gblinear": always,
        "gbtree": always | trees,
        "dart": always | trees | {"sample_type", "rate_drop"},
    }
    assert len(study.trials) == 15
    for trial in study.trials:
        assert set(trial.params) == wanted[trial.params["booster"]]
        assert trial.params.get("max_depth", 3) in (3, 5, 7, 9)
    assert study.best_value > 0.8
