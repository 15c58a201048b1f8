"""Tune LightGBM step by step: the tuner makes the studies and picks their samplers."""

import numpy as np
import optuna_integration.lightgbm as lgb
from lightgbm import early_stopping, log_evaluation
from sklearn.datasets import make_classification
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split

if __name__ == "__main__":
    data, target = make_classification(n_samples=300, n_features=8, random_state=0)
    train_x, val_x, train_y, val_y = train_test_split(data, target, random_state=0)
    dtrain = lgb.Dataset(train_x, label=train_y)
    dval = lgb.Dataset(val_x, label=val_y)

    params = {
        "objective": "binary",
        "metric": "binary_logloss",
        "verbosity": -1,
        "boosting_type": "gbdt",
        "num_threads": 1,
    }

    tuner = lgb.LightGBMTuner(
        params,
        dtrain,
        valid_sets=[dtrain, dval],
        valid_names=["train", "val"],
        num_boost_round=10,
        callbacks=[early_stopping(5, verbose=False), log_evaluation(0)],
        show_progress_bar=False,
        optuna_seed=0,
    )
    tuner.run()

    best = tuner.get_best_booster()
    prediction = np.rint(best.predict(val_x, num_iteration=best.best_iteration))
    print("Best params:", tuner.best_params)
    print("  Accuracy =", accuracy_score(val_y, prediction))

    for key in ("lambda_l1", "lambda_l2", "num_leaves", "feature_fraction", "bagging_fraction"):
        assert key in tuner.best_params, key
    assert 2 <= tuner.best_params["num_leaves"] <= 256
    assert 0.4 <= tuner.best_params["feature_fraction"] <= 1.0
    assert tuner.best_score == min(t.value for t in tuner.study.trials)
    # 7 + 20 + 10 + (3 to 6) + 20 + 5 trials in its steps.
    assert 65 <= len(tuner.study.trials) <= 68, len(tuner.study.trials)
