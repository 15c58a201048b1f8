"""Stop the study when there is little left to gain."""

import numpy as np
import optuna
from optuna.terminator import (
    EMMREvaluator,
    MedianErrorEvaluator,
    Terminator,
    TerminatorCallback,
    report_cross_validation_scores,
)
from sklearn.datasets import load_wine
from sklearn.model_selection import KFold, cross_val_score
from sklearn.tree import DecisionTreeClassifier

X, y = load_wine(return_X_y=True)


def objective(trial):
    clf = DecisionTreeClassifier(
        max_depth=trial.suggest_int("max_depth", 2, 32),
        min_samples_split=trial.suggest_float("min_samples_split", 0.01, 1),
        criterion=trial.suggest_categorical("criterion", ("gini", "entropy")),
        random_state=0,
    )
    scores = cross_val_score(clf, X, y, cv=KFold(n_splits=3, shuffle=True, random_state=0))
    report_cross_validation_scores(trial, scores)
    return scores.mean()


if __name__ == "__main__":
    study = optuna.create_study(direction="maximize")
    terminator = TerminatorCallback(Terminator(min_n_trials=10))
    study.optimize(objective, n_trials=14, callbacks=[terminator])

    print(f"The study ended after {len(study.trials)} trials")
    print(f"Best score: {study.best_value}")
    assert 10 <= len(study.trials) <= 14
    assert all("terminator:cv_scores" in t.system_attrs for t in study.trials)
    assert study.best_value == max(t.value for t in study.trials)
    assert np.isfinite(study.best_value)

    # The other pair of evaluators, which needs no cross-validation.
    study = optuna.create_study()
    emmr = EMMREvaluator()
    median = MedianErrorEvaluator(emmr, warm_up_trials=4, n_initial_trials=4)
    study.optimize(
        lambda trial: trial.suggest_float("x", -5, 5) ** 2,
        n_trials=14,
        callbacks=[TerminatorCallback(Terminator(emmr, median, min_n_trials=8))],
    )
    print(f"and the other one after {len(study.trials)}")
    assert 8 <= len(study.trials) <= 14
