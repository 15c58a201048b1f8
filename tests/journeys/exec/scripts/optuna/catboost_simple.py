import catboost as cb
import numpy as np
import optuna
from sklearn.datasets import load_breast_cancer
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split


def objective(trial):
    data, target = load_breast_cancer(return_X_y=True)
    train_x, valid_x, train_y, valid_y = train_test_split(data, target, test_size=0.3)

    param = {
        "objective": trial.suggest_categorical("objective", ["Logloss", "CrossEntropy"]),
        "colsample_bylevel": trial.suggest_float("colsample_bylevel", 0.01, 0.1),
        "depth": trial.suggest_int("depth", 1, 6),
        "boosting_type": trial.suggest_categorical("boosting_type", ["Ordered", "Plain"]),
        "bootstrap_type": trial.suggest_categorical(
            "bootstrap_type", ["Bayesian", "Bernoulli", "MVS"]
        ),
        "iterations": 15,
        "thread_count": 1,
        "allow_writing_files": False,
    }

    if param["bootstrap_type"] == "Bayesian":
        param["bagging_temperature"] = trial.suggest_float("bagging_temperature", 0, 10)
    elif param["bootstrap_type"] == "Bernoulli":
        param["subsample"] = trial.suggest_float("subsample", 0.1, 1)

    gbm = cb.CatBoostClassifier(**param)
    gbm.fit(train_x, train_y, eval_set=[(valid_x, valid_y)], verbose=0, early_stopping_rounds=10)
    return accuracy_score(valid_y, np.rint(gbm.predict(valid_x)))


if __name__ == "__main__":
    study = optuna.create_study(direction="maximize")
    study.optimize(objective, n_trials=12, timeout=600)

    print(f"Number of finished trials: {len(study.trials)}")
    print("Best trial:")
    print(f"  Value: {study.best_trial.value}")

    assert len(study.trials) == 12
    assert study.best_value > 0.8
    for t in study.trials:
        kind = t.params["bootstrap_type"]
        assert ("bagging_temperature" in t.params) == (kind == "Bayesian")
        assert ("subsample" in t.params) == (kind == "Bernoulli")
        assert type(t.params["depth"]) is int
