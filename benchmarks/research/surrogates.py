"""Surrogates of real tuning runs, from YAHPO Gym (Pfisterer and others 2022), as problems.

    export CROSSTUNE_YAHPO=path/to/yahpo_data
    python -m crosstune.benchmarks.research.published run surrogates

The folder is that of https://github.com/slds-lmu/yahpo_data; nothing of it is kept here. A network
in ONNX was fitted to what was measured, so a surrogate is smoother than the runs were. onnxruntime
evaluates it.

Within each scenario the instances stand in halves: what is developed on, and what is run once.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from crosstune.benchmarks.problems.base import Problem
from crosstune.errors import RequestError, UnknownName, no_such
from crosstune.space.parameters import Choice, Float, Int, Parameter, Scalar
from crosstune.space.space import Space
from crosstune.spec.measures import Metric, MetricLimit
from crosstune.spec.spec import Spec
from crosstune.system.extras import needing

PLACE = "CROSSTUNE_YAHPO"
"""The variable that names the folder with the scenarios."""


@dataclass(frozen=True)
class Scenario:
    """One surrogate, of many data sets.

    Attributes:
        instance: the input that names the data set.
        numbers: the numeric inputs, in the order of the network's.
        categories: the categorical ones after the instance.
        fixed: inputs that are not searched, and their values.
        space: what is searched.
        metric: of the outputs.
        column: of the metric.
    """

    instance: str
    numbers: Sequence[str]
    categories: Sequence[str]
    fixed: Mapping[str, float]
    space: Mapping[str, Parameter]
    metric: Metric
    column: int = 0


SCENARIOS: Mapping[str, Scenario] = {
    "lcbench": Scenario(
        instance="OpenML_task_id",
        numbers=(
            *("epoch", "batch_size", "learning_rate", "momentum", "weight_decay"),
            *("num_layers", "max_units", "max_dropout"),
        ),
        categories=(),
        fixed={"epoch": 52},
        space={
            "batch_size": Int(16, 512, log=True),
            "learning_rate": Float(1e-4, 0.1, log=True),
            "momentum": Float(0.1, 0.99),
            "weight_decay": Float(1e-5, 0.1),
            "num_layers": Int(1, 5),
            "max_units": Int(64, 1024, log=True),
            "max_dropout": Float(0.0, 1.0),
        },
        metric=Metric(name="val_accuracy", direction="maximize"),
        column=1,
    ),
    "rbv2_rpart": Scenario(
        instance="task_id",
        numbers=("cp", "maxdepth", "minbucket", "minsplit", "trainsize", "repl"),
        categories=("num.impute.selected.cpo",),
        fixed={"trainsize": 1.0, "repl": 10},
        space={
            "cp": Float(0.001, 1.0, log=True),
            "maxdepth": Int(1, 30),
            "minbucket": Int(1, 100),
            "minsplit": Int(1, 100),
            "num.impute.selected.cpo": Choice(["impute.mean", "impute.median", "impute.hist"]),
        },
        metric=Metric(name="acc", direction="maximize"),
    ),
    "iaml_glmnet": Scenario(
        instance="task_id",
        numbers=("alpha", "s", "trainsize"),
        categories=(),
        fixed={"trainsize": 1.0},
        space={"alpha": Float(0.0, 1.0), "s": Float(1e-4, 1000.0, log=True)},
        metric=Metric(name="mmce", direction="minimize"),
    ),
}

LCBENCH_DEVELOPMENT = (
    *("3945", "7593", "34539", "126025", "126029", "167104", "167152", "167161", "167168"),
    *("167181", "167184", "167185", "167190", "167200", "167201", "168329", "168330"),
)


def folder() -> Path:
    """The folder with the scenarios.

    Raises:
        RequestError: the variable is not set, or names no such folder.
    """
    place = os.environ.get(PLACE)
    if not place or not (Path(place) / "lcbench" / "model.onnx").is_file():
        raise RequestError(
            f"{PLACE} has to name a folder of YAHPO's data, with lcbench/model.onnx in it"
            + (f", and {place!r} is none" if place else "")
        )
    return Path(place)


@dataclass(frozen=True)
class Surrogate:
    """The objective of an instance; an unpickled copy loads the network again."""

    scenario: str
    instance: str

    def __call__(self, params: Mapping[str, Scalar]) -> dict[str, float]:
        """The metric at a point."""
        about = SCENARIOS[self.scenario]
        return {about.metric.name: float(self.outputs([params])[0, about.column])}

    def outputs(self, points: Sequence[Mapping[str, Scalar]]) -> NDArray[np.float64]:
        """(n, k) all outputs of the network at n points, which may have values of `fixed` too."""
        about = SCENARIOS[self.scenario]
        rows = [{**about.fixed, about.instance: self.instance, **point} for point in points]
        codes = encoding(self.scenario)
        numbers = [[float(cast(float, row[name])) for name in about.numbers] for row in rows]
        columns = (about.instance, *about.categories)
        categories = [[codes[name][str(row[name])] for name in columns] for row in rows]
        session = network(self.scenario)
        inputs = {
            "x_cat": np.array(categories, np.int32),
            "x_cont": np.array(numbers, np.float32),
        }
        (outputs, *_) = session.run(None, inputs)
        return np.asarray(outputs, float)


@cache
def encoding(scenario: str) -> dict[str, dict[str, int]]:
    """The numbers of the categories, by input and category."""
    read: dict[str, dict[str, int]] = json.loads(
        (folder() / scenario / "encoding.json").read_text()
    )
    return read


@cache
def network(scenario: str) -> Any:
    """The loaded network, on one thread.

    Raises:
        MissingLibrary: onnxruntime is not installed.
        RequestError: see `folder`.
    """
    with needing("a surrogate", "onnxruntime", "onnxruntime"):
        import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(folder() / scenario / "model.onnx"), options)


def instances(scenario: str) -> list[str]:
    """The data sets of a scenario, sorted as numbers.

    Raises:
        RequestError: see `folder`.
    """
    codes = encoding(scenario)[SCENARIOS[scenario].instance]
    left_out = {"#na#"} | ({"167083"} if scenario == "lcbench" else set())
    return sorted(set(codes) - left_out, key=int)


def development(scenario: str) -> list[str]:
    """The instances to develop on; the others are for one run."""
    if scenario == "lcbench":
        return list(LCBENCH_DEVELOPMENT)
    return instances(scenario)[::2] if scenario == "rbv2_rpart" else instances(scenario)


def frozen(scenario: str) -> list[str]:
    """The instances for one run at the end."""
    used = set(development(scenario))
    return [name for name in instances(scenario) if name not in used]


def problem(name: str) -> Problem:
    """The problem of a name such as ``lcbench-3945``; ``front-3`` is rbv2_rpart with two metrics.

    Raises:
        UnknownName: there is no such scenario.
    """
    scenario, _, instance = name.partition("-")
    if scenario == "front":
        return _front_problem(name, instance)
    if scenario not in SCENARIOS:
        raise UnknownName(no_such("scenario", scenario, SCENARIOS))
    about = SCENARIOS[scenario]
    spec = Spec(name=name, space=Space(about.space), metric=about.metric)
    return Problem(f"surrogates/{name}", spec, Surrogate(scenario, instance))


TIME, MEMORY = 6, 8
"""Columns of rbv2_rpart: the seconds of training, and the memory."""


@dataclass(frozen=True)
class FrontSurrogate:
    """A decision tree of rbv2_rpart: its accuracy, its training time, and its memory."""

    instance: str

    def __call__(self, params: Mapping[str, Scalar]) -> dict[str, float]:
        """The metrics and the memory at a point."""
        outputs = Surrogate("rbv2_rpart", self.instance).outputs([params])[0]
        return {
            "acc": float(outputs[0]),
            "timetrain": float(outputs[TIME]),
            "memory": float(outputs[MEMORY]),
        }


def _front_problem(name: str, instance: str) -> Problem:
    """Accuracy against training time, with at most the median memory of 200 random points."""
    space = Space(SCENARIOS["rbv2_rpart"].space)
    random = np.random.default_rng(0)
    outputs = Surrogate("rbv2_rpart", instance).outputs([space.sample(random) for _ in range(200)])
    limit = MetricLimit(metric="memory", max=float(f"{np.median(outputs[:, MEMORY]):.3g}"))
    metrics = (Metric(name="acc", direction="maximize"), Metric(name="timetrain"))
    spec = Spec(name=name, space=space, metrics=metrics, constraints=(limit,))
    return Problem(f"surrogates/{name}", spec, FrontSurrogate(instance))
