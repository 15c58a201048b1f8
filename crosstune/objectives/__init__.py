"""The user's objective, in any dialect, as Optuna's `f(trial) -> float`.

Dialects, one file each. Here:

- "crosstune": `f(params)` or `f(params, trial)`, which takes the values of the active parameters.
- "sklearn": an estimator and its data, described in the spec.

In the folders of the engines, found through the registry:

- "optuna": `f(trial)`, which suggests its own parameters.
- "hyperopt": `fn(params)` as `hyperopt.fmin` calls it.
- "keras_tuner": a hypermodel and its data, described in the spec.

Each returns the metric as a number, or a mapping with it; the other items of the mapping become
user attributes of the trial.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crosstune.engines import registry
from crosstune.errors import RequestError, no_such
from crosstune.objectives.base import Objective, Prepared, suggest
from crosstune.objectives.measured import TrialFailed
from crosstune.objectives.params import DescribedObjective, ParamsObjective
from crosstune.objectives.signature import tell_dialect
from crosstune.spec.foreign_space import NativeSpace
from crosstune.spec.import_path import find
from crosstune.spec.spec import Spec

__all__ = ["Objective", "Prepared", "TrialFailed", "dialects", "prepare", "suggest", "tell_dialect"]

_OURS = ("crosstune", "sklearn")


def dialects() -> list[str]:
    """The names of all dialects, including those of engines in other packages."""
    return [*_OURS, *registry.dialects()]


def prepare(
    spec: Spec, objective: Objective | str | Mapping[str, Any] | None, dialect: str | None
) -> Prepared:
    """The objective of a study, ready for `study.optimize`.

    Args:
        spec: with the space and the metric, and the objective if `objective` is None.
        objective: a callable, ``module:function``, or the mapping of the sklearn dialect.
        dialect: one of `dialects()`; None finds it by `tell_dialect`.

    Raises:
        RequestError: it cannot be imported, or its signature fits no dialect.
    """
    prepared = _prepared(spec, objective, dialect)
    if not spec.metrics and not spec.constraints:
        return prepared
    return prepared.measuring([metric.name for metric in spec.metrics], spec.constraints)


def _prepared(
    spec: Spec, objective: Objective | str | Mapping[str, Any] | None, dialect: str | None
) -> Prepared:
    """The objective, which reads one metric and no constraint."""
    if objective is None:
        objective = spec.objective
    if objective is None:
        raise RequestError(
            "the spec names no objective. Give 'objective: module:function', or pass one to tune"
        )
    function: Any = find(objective, spec.folder) if isinstance(objective, str) else objective
    if dialect is None and isinstance(spec.space, NativeSpace) and callable(function):
        dialect = spec.space.dialect
    if dialect is None:
        dialect = tell_dialect(function)
    if dialect not in dialects():
        raise RequestError(no_such("dialect", dialect, dialects()))
    if dialect == "sklearn":
        from crosstune.objectives.sklearn import EstimatorObjective

        estimator = EstimatorObjective(function, spec)
        return DescribedObjective(estimator, spec.space, spec.metric.name)
    if dialect == "crosstune":
        return ParamsObjective(function, spec.space, spec.metric.name)
    prepared: Prepared = registry.imported(registry.dialects()[dialect].prepare)(function, spec)
    return prepared
