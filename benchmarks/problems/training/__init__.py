"""Real training on scikit-learn's bundled data, one file per family.

Each objective is `score(params, trial=None)`. It trains on one part of the data, returns the
metric on a second and ``test_<metric>`` on a third. It depends only on the parameters and the
trial's seed: BLAS and OpenMP use one thread during training. Another processor or version of
scikit-learn may change the last digits.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping

from crosstune.benchmarks.problems.base import Problem
from crosstune.spec.spec import Spec
from crosstune.system.extras import needing

_HOMES: Mapping[str, tuple[str, str, str, str]] = {
    "digits-network": ("networks", "DIGITS_SPACE", "DIGITS", "classify_digits"),
    "cancer-network": ("networks", "CANCER_SPACE", "CANCER", "classify_cancer"),
    "diabetes-boosting": ("boosting", "DIABETES_SPACE", "DIABETES", "boost_diabetes"),
    "cancer-svm": ("linear", "SVM_SPACE", "SVM", "classify_by_svm"),
    "digits-pipeline": ("pipeline", "SPACE", "METRIC", "score"),
    "cancer-resampled": ("boosting", "RESAMPLED_SPACE", "RESAMPLED", "boost_resampled"),
    "diabetes-explosive": ("linear", "EXPLOSIVE_SPACE", "EXPLOSIVE", "descend"),
    "cancer-fragile": ("linear", "FRAGILE_SPACE", "FRAGILE", "classify_components"),
}
"""By problem, its module here and the names of its space, metric and objective there."""

NAMES = tuple(_HOMES)


def problem(name: str) -> Problem:
    """The problem of a name of `NAMES`.

    Raises:
        MissingLibrary: scikit-learn is not installed.

    >>> problem("cancer-svm").metric
    'hinge'
    """
    home, space, metric, objective = _HOMES[name]
    with needing(
        "the suite of training problems", "crosstune[problems]", "sklearn", "threadpoolctl"
    ):
        module = importlib.import_module(f"crosstune.benchmarks.problems.training.{home}")
    full = f"training/{name}"
    spec = Spec(name=full, space=getattr(module, space), metric=getattr(module, metric))
    return Problem(full, spec, getattr(module, objective))
