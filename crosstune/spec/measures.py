"""What a study measures: its metrics, and the constraints on what an objective returns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from crosstune.errors import SpecError

_STRICT = ConfigDict(frozen=True, extra="forbid", strict=True)
_Bound = Annotated[float, Field(allow_inf_nan=False)]


class Metric(BaseModel):
    """The name of the measure, and its direction."""

    model_config = _STRICT

    name: Annotated[str, Field(min_length=1)] = "value"
    direction: Literal["minimize", "maximize"] = "minimize"


class MetricLimit(BaseModel):
    """A constraint: a metric that is to be at most `max`, at least `min`, or both.

    Args:
        metric: a name in the mapping that the objective returns.
        max, min: the bounds, in the metric's unit; the bound itself is allowed.
    """

    model_config = _STRICT

    metric: Annotated[str, Field(min_length=1)]
    max: _Bound | None = None
    min: _Bound | None = None

    @field_validator("max", "min", mode="before")
    @classmethod
    def _float(cls, value: object) -> object:
        return float(value) if isinstance(value, int) and not isinstance(value, bool) else value

    def violations(self, value: float) -> dict[str, float]:
        """By constraint, how far a value of the metric is beyond the bound; 0 or less is feasible.

        >>> MetricLimit(metric="memory_mb", max=512).violations(600.0)
        {'memory_mb <= 512': 88.0}
        """
        beyond = {}
        if self.max is not None:
            beyond[f"{self.metric} <= {self.max:.12g}"] = value - self.max
        if self.min is not None:
            beyond[f"{self.metric} >= {self.min:.12g}"] = self.min - value
        return beyond

    def plain(self) -> dict[str, Any]:
        """The constraint as a spec file has it."""
        return self.model_dump(exclude_none=True)


def check_measures(
    metric: Metric, metrics: Sequence[Metric], constraints: Iterable[MetricLimit]
) -> None:
    """Check the metrics and constraints of a spec against one another.

    Args:
        metric, metrics, constraints: of the spec.

    Raises:
        SpecError: both `metric` and `metrics`, fewer than two metrics, a name that is there twice,
            or bounds that no value meets.
    """
    if metrics and metric != Metric():
        raise SpecError("the spec has 'metric' and 'metrics': leave one of them out", ("metric",))
    if len(metrics) == 1:
        raise SpecError("there is one metric alone: write it as 'metric'", ("metrics",))
    names: set[str] = set()
    for i, item in enumerate(metrics):
        if "name" not in item.model_fields_set:
            raise SpecError("'name' is missing", ("metrics", i))
        if item.name in names:
            raise SpecError(f"{item.name!r} is there twice", ("metrics", i, "name"))
        names.add(item.name)
    bounds: dict[str, tuple[float, float]] = {}
    for i, limit in enumerate(constraints):
        if limit.max is None and limit.min is None:
            raise SpecError(
                f"a constraint has a bound: give 'max', 'min' or both for {limit.metric!r}",
                ("constraints", i),
            )
        low, high = bounds.get(limit.metric, (float("-inf"), float("inf")))
        low = low if limit.min is None else max(low, limit.min)
        high = high if limit.max is None else min(high, limit.max)
        if low > high:
            raise SpecError(
                f"no value meets these bounds of {limit.metric!r}: at least {low:g} and at most "
                f"{high:g}",
                ("constraints", i),
            )
        bounds[limit.metric] = low, high


def mapping_of_names(value: object) -> object:
    """Metrics as a user may write them: names alone are metrics to minimize."""
    if not isinstance(value, list | tuple):
        return value
    return tuple({"name": item} if isinstance(item, str) else item for item in value)


def plain_measures(
    metrics: Iterable[Metric], constraints: Iterable[MetricLimit]
) -> Mapping[str, list[dict[str, Any]]]:
    """Metrics and constraints as the record of a run has them; without a key that is empty.

    Args:
        metrics, constraints: of the spec.
    """
    measures = {
        "metrics": [metric.model_dump() for metric in metrics],
        "constraints": [limit.plain() for limit in constraints],
    }
    return {key: items for key, items in measures.items() if items}
