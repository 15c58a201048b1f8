"""A scikit-learn pipeline: scaling, reduction and one of three classifiers, with conditions."""

from __future__ import annotations

from typing import Any

from optuna.trial import Trial
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_selection import SelectKBest, VarianceThreshold
from sklearn.linear_model import RidgeClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from crosstune.benchmarks.problems.training.data import Part, digits, on_one_thread
from crosstune.space.parameters import Bool, Choice, Float, Int
from crosstune.space.space import Params, Space
from crosstune.spec.measures import Metric

METRIC = Metric(name="error", direction="minimize")
"""The share of wrong predictions."""

SPACE = Space(
    {
        "scaler": Choice([None, "standard", "minmax"]),
        "reducer": Choice([None, "pca", "select"]),
        "components": Int(2, 40, log=True, when={"reducer": "pca"}),
        "whiten": Bool(when={"reducer": "pca"}),
        "features": Int(4, 60, when={"reducer": "select"}),
        "classifier": Choice(["ridge", "neighbours", "forest"]),
        "alpha": Float(1e-3, 1e3, log=True, when={"classifier": "ridge"}),
        "n_neighbors": Int(1, 40, log=True, when={"classifier": "neighbours"}),
        "weights": Choice(["uniform", "distance"], when={"classifier": "neighbours"}),
        "metric": Choice(["euclidean", "cosine", "power"], when={"classifier": "neighbours"}),
        "power": Float(1.0, 4.0, when={"metric": "power"}),
        "max_features": Float(0.05, 0.6, when={"classifier": "forest"}),
        "min_samples_leaf": Int(1, 20, log=True, when={"classifier": "forest"}),
        "bootstrap": Bool(when={"classifier": "forest"}),
        "max_samples": Float(0.2, 1.0, when={"bootstrap": True}),
    }
)

TREES = 25


@on_one_thread
def score(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """`error` and `test_error`; the forest's seed is fixed, so there is no noise."""
    parts = digits()
    steps = [_scaler(params), _reducer(params), _classifier(params)]
    model = make_pipeline(*(step for step in steps if step is not None))
    model.fit(parts.train.x, parts.train.y)

    def error(part: Part) -> float:
        return float((model.predict(part.x) != part.y).mean())

    return {"error": error(parts.valid), "test_error": error(parts.test)}


def _scaler(params: Params) -> Any:
    match params["scaler"]:
        case "standard":
            return StandardScaler()
        case "minmax":
            return MinMaxScaler()
    return None


def _reducer(params: Params) -> Any:
    match params["reducer"]:
        case "pca":
            return PCA(params["components"], whiten=params["whiten"], random_state=0)
        case "select":
            # Some pixels are constant and have no score.
            return make_pipeline(VarianceThreshold(), SelectKBest(k=params["features"]))
    return None


def _classifier(params: Params) -> Any:
    match params["classifier"]:
        case "ridge":
            return RidgeClassifier(params["alpha"])
        case "neighbours":
            power = params["metric"] == "power"
            return KNeighborsClassifier(
                params["n_neighbors"],
                weights=params["weights"],
                metric="minkowski" if power else params["metric"],
                p=params["power"] if power else 2,
            )
    return RandomForestClassifier(
        TREES,
        max_features=params["max_features"],
        min_samples_leaf=params["min_samples_leaf"],
        bootstrap=params["bootstrap"],
        max_samples=params.get("max_samples"),
        random_state=0,
    )
