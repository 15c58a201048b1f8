"""Prune boosting rounds of XGBoost by its callback."""

import optuna
import sklearn.datasets
import xgboost as xgb
from optuna.trial import TrialState
from optuna_integration import XGBoostPruningCallback
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split

data, target = sklearn.datasets.load_breast_cancer(return_X_y=True)
train_x, valid_x, train_y, valid_y = train_test_split(data, target, random_state=7)
dtrain = xgb.DMatrix(train_x, label=train_y)
dvalid = xgb.DMatrix(valid_x, label=valid_y)


def objective(trial):
    param = {
        "verbosity": 0,
        "nthread": 1,
        "objective": "binary:logistic",
        "eval_metric": "auc",
        "max_depth": trial.suggest_int("max_depth", 1, 9),
        "eta": trial.suggest_float("eta", 1e-6, 1.0, log=True),
        "gamma": trial.suggest_float("gamma", 1e-8, 1e4, log=True),
    }
    pruning_callback = XGBoostPruningCallback(trial, "validation-auc")
    bst = xgb.train(
        param,
        dtrain,
        num_boost_round=15,
        evals=[(dvalid, "validation")],
        callbacks=[pruning_callback],
        verbose_eval=False,
    )
    return accuracy_score(valid_y, bst.predict(dvalid) > 0.5)


if __name__ == "__main__":
    study = optuna.create_study(
        direction="maximize", pruner=optuna.pruners.MedianPruner(n_startup_trials=4)
    )
    study.enqueue_trial({"max_depth": 4, "eta": 0.3, "gamma": 1e-3})
    study.optimize(objective, n_trials=19)
    study.enqueue_trial({"max_depth": 1, "eta": 1e-6, "gamma": 1e4})  # it cannot learn
    study.optimize(objective, n_trials=1)
    print(study.best_trial)

    assert len(study.trials) == 20
    assert study.best_value > 0.9
    assert study.trials[0].params == {"max_depth": 4, "eta": 0.3, "gamma": 1e-3}
    assert study.trials[19].params == {"max_depth": 1, "eta": 1e-6, "gamma": 1e4}
    for trial in study.trials:
        assert trial.state in (TrialState.COMPLETE, TrialState.PRUNED)
        if trial.state == TrialState.PRUNED:
            assert trial.intermediate_values
            assert trial.last_step <= 14
        else:
            assert len(trial.intermediate_values) == 15
