"""The objectives of a `SearchCV` that has several: scorers, and the times of a fit and a score."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from crosstune.errors import RequestError, SpecError, no_such
from crosstune.integrations.search_cv.scores import FoldScores
from crosstune.spec.measures import Metric
from crosstune.spec.spec import Spec

TIMES = ("fit_time", "score_time")
"""Objectives that are no scorers: the mean seconds over the folds, which are minimized."""


def measured(spec: Spec, search: Any) -> Spec:
    """The spec with the search's objectives, or with the one score.

    Raises:
        SpecError: the spec has what a search of scikit-learn's form cannot have.
    """
    if spec.scheduler is not None:
        raise SpecError(
            "SearchCV fits each candidate to the end, so it takes no scheduler. Run the spec with "
            "crosstune.tune",
            ("scheduler",),
        )
    if search.objectives is not None:
        return _with_objectives(spec, search.objectives, search.scoring)
    return _scored(spec)


def _scored(spec: Spec) -> Spec:
    """The spec with scikit-learn's direction: maximize."""
    if spec.metrics or spec.constraints:
        key = "metrics" if spec.metrics else "constraints"
        raise SpecError(
            "SearchCV takes several metrics by objectives=, and no constraints. Run the spec with "
            "crosstune.tune",
            (key,),
        )
    if spec.metric != Metric() and spec.metric.direction != "maximize":
        raise SpecError(
            f"the spec minimizes {spec.metric.name!r}, and scikit-learn's scorers are better when "
            "they are larger. Write maximize, and choose the scorer by scoring=",
            ("metric", "direction"),
        )
    name = "score" if spec.metric == Metric() else spec.metric.name
    return spec.model_copy(update={"metric": Metric(name=name, direction="maximize")})


def _with_objectives(spec: Spec, objectives: Any, scoring: Any) -> Spec:
    """The spec of a search with the metrics that `objectives` names.

    Args:
        spec: without metrics of its own.
        objectives: as the user passed them.
        scoring: of the search.

    Raises:
        RequestError: an objective is neither a scorer of `scoring` nor a time, or they are not two
            or more different ones.
    """
    if spec.metrics or spec.constraints:
        raise SpecError(
            "the spec has metrics or constraints, and SearchCV has objectives=: leave "
            "one of them out",
            ("metrics" if spec.metrics else "constraints",),
        )
    names = list(objectives) if isinstance(objectives, list | tuple) else []
    if len(names) < 2 or len({*map(str, names)}) < len(names):
        raise RequestError(
            f"objectives is a list of two or more different names, not {objectives!r}. One score "
            "alone is chosen by scoring= and refit="
        )
    scorers = list(scoring) if isinstance(scoring, list | tuple | set | dict) else ["score"]
    for name in names:
        if name not in (*scorers, *TIMES):
            raise RequestError(
                no_such("scorer in scoring=, or time,", str(name), [*scorers, *TIMES])
            )
    metrics = [Metric(name=name, direction=_direction(name)) for name in names]
    return spec.model_copy(update={"metrics": tuple(metrics)})


def values_of(scores: FoldScores, objectives: Sequence[str]) -> list[float]:
    """The values of a candidate's objectives; NaN for one that is missing."""
    return [_value(scores, name) for name in objectives]


def _direction(name: str) -> Any:
    return "minimize" if name in TIMES else "maximize"


def _value(scores: FoldScores, name: str) -> float:
    if name not in TIMES:
        return scores.mean(name)
    mean = getattr(scores, name)[0]
    return float("nan") if mean is None else float(np.float64(mean))
