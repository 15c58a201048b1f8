"""Choose between a support vector machine and a random forest on iris."""

import optuna
import sklearn.datasets
import sklearn.ensemble
import sklearn.model_selection
import sklearn.svm


def objective(trial):
    iris = sklearn.datasets.load_iris()
    x, y = iris.data, iris.target

    classifier_name = trial.suggest_categorical("classifier", ["SVC", "RandomForest"])
    if classifier_name == "SVC":
        svc_c = trial.suggest_float("svc_c", 1e-10, 1e10, log=True)
        classifier_obj = sklearn.svm.SVC(C=svc_c, gamma="auto")
    else:
        rf_max_depth = trial.suggest_int("rf_max_depth", 2, 32, log=True)
        classifier_obj = sklearn.ensemble.RandomForestClassifier(
            max_depth=rf_max_depth, n_estimators=10
        )

    score = sklearn.model_selection.cross_val_score(classifier_obj, x, y, n_jobs=1, cv=3)
    return score.mean()


if __name__ == "__main__":
    study = optuna.create_study(direction="maximize")
    study.optimize(objective, n_trials=20)
    print(study.best_trial)

    assert len(study.trials) == 20
    for trial in study.trials:
        if trial.params["classifier"] == "SVC":
            assert set(trial.params) == {"classifier", "svc_c"}
            assert 1e-10 <= trial.params["svc_c"] <= 1e10
        else:
            assert set(trial.params) == {"classifier", "rf_max_depth"}
            assert 2 <= trial.params["rf_max_depth"] <= 32
            assert isinstance(trial.params["rf_max_depth"], int)
    assert study.best_value > 0.5
