"""Prune CatBoost: its callback returns False, and the trial is checked after the fit."""

import catboost as cb
import optuna
from optuna.trial import TrialState
from optuna_integration import CatBoostPruningCallback
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

X, y = load_breast_cancer(return_X_y=True)
X_train, X_valid, y_train, y_valid = train_test_split(X, y, random_state=0)


def objective(trial: optuna.Trial) -> float:
    gbm = cb.CatBoostClassifier(
        learning_rate=trial.suggest_float("learning_rate", 1e-6, 0.5, log=True),
        depth=trial.suggest_int("depth", 1, 4),
        iterations=15,
        eval_metric="Accuracy",
        thread_count=1,
        allow_writing_files=False,
    )
    pruning_callback = CatBoostPruningCallback(trial, "Accuracy")
    gbm.fit(
        X_train,
        y_train,
        eval_set=[(X_valid, y_valid)],
        verbose=0,
        callbacks=[pruning_callback],
    )
    # Without this call the trial would count as complete.
    pruning_callback.check_pruned()
    return gbm.score(X_valid, y_valid)


if __name__ == "__main__":
    pruner = optuna.pruners.MedianPruner(n_warmup_steps=3, n_startup_trials=3)
    study = optuna.create_study(pruner=pruner, direction="maximize")
    study.optimize(objective, n_trials=15)

    counts = {s.name: sum(t.state == s for t in study.trials) for s in TrialState}
    print(counts, study.best_value)
    assert counts["PRUNED"] + counts["COMPLETE"] == 15
    for t in study.trials:
        if t.state == TrialState.PRUNED:
            assert 3 <= t.last_step < 15
    assert study.best_value > 0.85
