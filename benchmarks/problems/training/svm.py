"""A support vector machine whose kernel decides which parameters are active."""

from __future__ import annotations

import warnings

from optuna.trial import Trial
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import hinge_loss
from sklearn.svm import SVC

from crosstune.benchmarks.problems.training.data import Part, cancer, on_one_thread
from crosstune.space.parameters import Choice, Float, Int
from crosstune.space.space import Params, Space
from crosstune.spec.spec import Metric

METRIC = Metric(name="hinge", direction="minimize")
"""The mean of max(0, 1 - margin): finer than the error rate, which has many ties here."""

SPACE = Space(
    {
        "C": Float(1e-3, 1e3, log=True),
        "kernel": Choice(["linear", "rbf", "poly", "sigmoid"]),
        "gamma": Float(1e-5, 1.0, log=True, when={"kernel": ["rbf", "poly", "sigmoid"]}),
        "degree": Int(2, 5, when={"kernel": "poly"}),
        "coef0": Float(-1.0, 1.0, when={"kernel": ["poly", "sigmoid"]}),
    }
)

STEPS = 20_000
"""The largest number of steps of the solver: a bad kernel does not converge."""


@on_one_thread
def score(params: Params, trial: Trial | None = None) -> dict[str, float]:
    """`hinge` and `test_hinge`, without noise."""
    parts = cancer()
    model = SVC(**params, max_iter=STEPS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(parts.train.x, parts.train.y)

    def hinge(part: Part) -> float:
        return float(hinge_loss(part.y, model.decision_function(part.x)))

    return {"hinge": hinge(parts.valid), "test_hinge": hinge(parts.test)}
