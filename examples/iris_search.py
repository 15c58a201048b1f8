"""A scikit-learn search with any engine: python iris_search.py [optuna|hyperopt|keras_tuner]."""

import sys

from scipy.stats import loguniform
from sklearn.datasets import load_iris
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC

from crosstune import SearchCV


def main(backend: str = "optuna") -> None:
    """Search a scaler, a kernel and their numbers, and print the best."""
    shared = {"standardscaler": [StandardScaler(), MinMaxScaler()], "svc__C": loguniform(0.01, 100)}
    search = SearchCV(
        make_pipeline(StandardScaler(), SVC()),
        [
            {**shared, "svc__kernel": ["linear"]},
            {**shared, "svc__kernel": ["rbf"], "svc__gamma": loguniform(1e-3, 1)},
        ],
        backend=backend,
        n_trials=15,
        random_state=0,
    )
    search.fit(*load_iris(return_X_y=True))
    print(f"{search.best_score_:.3f} {search.best_params_}")


if __name__ == "__main__":
    main(*sys.argv[1:2])
