import lightgbm as lgb
import optuna
from optuna.trial import TrialState
from optuna_integration import LightGBMPruningCallback
from sklearn.datasets import load_breast_cancer
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split

data, target = load_breast_cancer(return_X_y=True)
train_x, valid_x, train_y, valid_y = train_test_split(data, target, random_state=0)


def objective(trial):
    dtrain = lgb.Dataset(train_x, label=train_y)
    dvalid = lgb.Dataset(valid_x, label=valid_y)

    param = {
        "objective": "binary",
        "metric": "auc",
        "verbosity": -1,
        "num_threads": 1,
        "boosting_type": trial.suggest_categorical("boosting", ["gbdt", "goss", "dart"]),
        "learning_rate": trial.suggest_float("learning_rate", 1e-4, 0.5, log=True),
        "num_leaves": trial.suggest_int("num_leaves", 4, 64, log=True),
    }
    if param["boosting_type"] == "dart":
        param["drop_rate"] = trial.suggest_float("drop_rate", 0.0, 0.9)
    if param["boosting_type"] == "goss":
        param["top_rate"] = trial.suggest_float("top_rate", 0.0, 0.9)
        param["other_rate"] = trial.suggest_float("other_rate", 0.01, 1.0 - param["top_rate"])

    # Tell the pruner of the AUC on the validation data after each round.
    gbm = lgb.train(
        param,
        dtrain,
        num_boost_round=15,
        valid_sets=[dvalid],
        callbacks=[LightGBMPruningCallback(trial, "auc")],
    )
    return accuracy_score(valid_y, gbm.predict(valid_x) > 0.5)


study = optuna.create_study(
    pruner=optuna.pruners.MedianPruner(n_warmup_steps=3, n_startup_trials=4),
    direction="maximize",
)
study.optimize(objective, n_trials=20)

print("best accuracy:", study.best_value)
print("best parameters:", study.best_params)
print("pruned:", sum(t.state == TrialState.PRUNED for t in study.trials))

assert len(study.trials) == 20
assert study.best_value > 0.6
for t in study.trials:
    assert t.state in (TrialState.COMPLETE, TrialState.PRUNED)
    assert ("drop_rate" in t.params) == (t.params["boosting"] == "dart")
    if t.params["boosting"] == "goss":
        assert 0.01 <= t.params["other_rate"] <= 1.0 - t.params["top_rate"]
    full = t.state == TrialState.COMPLETE
    assert (len(t.intermediate_values) == 15) == full or not full
