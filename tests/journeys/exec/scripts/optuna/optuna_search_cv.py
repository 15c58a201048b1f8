"""A grid search's place taken by OptunaSearchCV."""

import optuna
from optuna_integration import OptunaSearchCV
from sklearn.datasets import load_iris
from sklearn.svm import SVC

if __name__ == "__main__":
    clf = SVC(gamma="auto")

    param_distributions = {
        "C": optuna.distributions.FloatDistribution(1e-10, 1e10, log=True),
        "degree": optuna.distributions.IntDistribution(1, 5),
        "kernel": optuna.distributions.CategoricalDistribution(["rbf", "linear"]),
    }
    optuna_search = OptunaSearchCV(clf, param_distributions, n_trials=12, cv=3, verbose=0)

    X, y = load_iris(return_X_y=True)
    optuna_search.fit(X, y)

    print("Best trial:")
    trial = optuna_search.study_.best_trial
    print("  Value: ", trial.value)
    print("  Params: ")
    for key, value in trial.params.items():
        print(f"    {key}: {value}")

    assert optuna_search.n_trials_ == 12
    assert set(optuna_search.best_params_) == {"C", "degree", "kernel"}
    assert optuna_search.best_score_ > 0.8
    assert optuna_search.predict(X).shape == (150,)
    assert trial.params["C"] == optuna_search.best_estimator_.C
