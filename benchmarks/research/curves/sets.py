"""Learning curves by configuration: our three recorded sets, and LCBench by surrogate.

A set is named `digits`, `photo` or `trees`, or by an OpenML task id: `lcbench/3945` (the error of
the validation accuracy), or `lcbench/3945/val_cross_entropy`. Every curve is minimized.

The freeze rule: constants may be chosen with `development()`. The other data sets of LCBench are
frozen: they are for one run, after every choice is made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from crosstune.benchmarks.research import surrogates
from crosstune.benchmarks.research.curves import replay
from crosstune.benchmarks.research.curves.grids import EPOCHS, GRIDS
from crosstune.errors import RequestError, no_such
from crosstune.space.space import Space

RANDOM_POINTS = 200
PREFIX = "lcbench/"
LCBENCH_EPOCHS = 52
LCBENCH_METRICS = {"val_accuracy": 1, "val_cross_entropy": 2}
"""By name, the column of the surrogate's output. Accuracy is in percent, and becomes an error."""


@dataclass(frozen=True)
class CurveSet:
    """The curves of one data set.

    Attributes:
        name: as in the module's docstring.
        epochs: the length of each curve.
        space: as in a spec.
        curve: the values after each epoch by the parameters.
    """

    name: str
    epochs: int
    space: Mapping[str, Any]
    curve: Callable[[Mapping[str, Any]], Sequence[float]]


@dataclass(frozen=True)
class RandomEnds:
    """What there is to win on a set: the ends of 200 random points, which are always the same.

    >>> RandomEnds(0.1, 0.3).unit
    0.2
    """

    best: float
    median: float

    @property
    def unit(self) -> float:
        """The distance between best and median, which is a loss of 1."""
        return round(self.median - self.best, 12)


@cache
def curve_set(name: str) -> CurveSet:
    """A set by name.

    Raises:
        RequestError: no such set, or its data are missing.
        MissingLibrary: LCBench without onnxruntime.
    """
    if name in GRIDS:
        grid, recorded = GRIDS[name], replay.curves(name)
        return CurveSet(
            name,
            EPOCHS,
            replay.space(name),
            lambda params: recorded[tuple(params[key] for key in grid)],
        )
    if not name.startswith(PREFIX):
        raise RequestError(no_such("curve set", name, [*GRIDS, f"{PREFIX}TASK"]))
    task, _, metric = name.removeprefix(PREFIX).partition("/")
    metric = metric or "val_accuracy"
    if metric not in LCBENCH_METRICS:
        raise RequestError(no_such("LCBench metric", metric, LCBENCH_METRICS))
    if task not in surrogates.instances("lcbench"):
        raise RequestError(no_such("LCBench task", task, surrogates.instances("lcbench")))
    network = surrogates.Surrogate("lcbench", task)
    space = Space(surrogates.SCENARIOS["lcbench"].space).to_dict()

    def curve(params: Mapping[str, Any]) -> Sequence[float]:
        rows = [{**params, "epoch": epoch} for epoch in range(1, LCBENCH_EPOCHS + 1)]
        column = network.outputs(rows)[:, LCBENCH_METRICS[metric]]
        values: list[float] = (1 - column / 100 if metric == "val_accuracy" else column).tolist()
        return values

    return CurveSet(name, LCBENCH_EPOCHS, space, curve)


def scale(curves: CurveSet) -> RandomEnds:
    """The scale of a set, from 200 points under seed 0.

    Raises:
        RequestError: at least half of the points are the best.
    """
    space, random = Space(curves.space), np.random.default_rng(0)
    ends = [curves.curve(space.sample(random))[-1] for _ in range(RANDOM_POINTS)]
    measured = RandomEnds(float(np.min(ends)), float(np.median(ends)))
    if measured.unit <= 0:
        raise RequestError(f"there is nothing to win on {curves.name}: half of its points are best")
    return measured


def development() -> list[str]:
    """LCBench's sets for development."""
    return [f"{PREFIX}{task}" for task in surrogates.development("lcbench")]


def frozen() -> list[str]:
    """LCBench's sets for the one frozen run."""
    return [f"{PREFIX}{task}" for task in surrogates.frozen("lcbench")]


def is_frozen(name: str) -> bool:
    """True if a set is for the frozen run only."""
    task = name.removeprefix(PREFIX).partition("/")[0]
    return name.startswith(PREFIX) and task not in surrogates.LCBENCH_DEVELOPMENT
