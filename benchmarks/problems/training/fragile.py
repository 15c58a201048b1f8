"""An objective that fails in a part of its space, where the steps of a pipeline do not fit."""

from __future__ import annotations

from optuna.trial import Trial
from sklearn.decomposition import PCA
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline

from crosstune.benchmarks.problems.training.data import Part, cancer, on_one_thread
from crosstune.space.parameters import Bool, Float, Int
from crosstune.space.space import Params, Space
from crosstune.spec.spec import Metric

METRIC = Metric(name="log_loss", direction="minimize")
"""In nats."""

SPACE = Space(
    {
        "features": Int(1, 24),
        "components": Int(1, 8),
        "whiten": Bool(),
        "C": Float(1e-3, 1e3, log=True),
    }
)

FAILS = 28 / 192
"""The share of the space with more components than features, where it fails."""


@on_one_thread
def score(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """`log_loss` and `test_log_loss`, without noise.

    Raises:
        ValueError: by scikit-learn, if `components` exceeds `features`.
    """
    parts = cancer()
    model = make_pipeline(
        SelectKBest(k=params["features"]),
        PCA(params["components"], whiten=params["whiten"], svd_solver="full"),
        LogisticRegression(C=params["C"], max_iter=2000),
    )
    model.fit(parts.train.x, parts.train.y)

    def loss(part: Part) -> float:
        return float(log_loss(part.y, model.predict_proba(part.x)))

    return {"log_loss": loss(parts.valid), "test_log_loss": loss(parts.test)}
