"""The keras_tuner dialect: a hypermodel and its data, described in the spec.

    objective:
      build: train:build_model       # build_model(hp), or a keras_tuner.HyperModel
      data: train:load               # returns x, y or (x, y), (x_val, y_val)
      fit: {epochs: 20, batch_size: 32, validation_split: 0.2}
      executions_per_trial: 3        # the metric is their mean
      save: best.keras               # the best model so far; by default none is saved

The hypermodel reads the names that the space declares; any other name has its own default. The
metric is one that training logs, at its best epoch, or the result of `HyperModel.fit`. It is
reported after each epoch of the first execution, so pruners work; a scheduler sets the epochs of
each trial, which are trained from the start.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from optuna.trial import Trial
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from crosstune.adapters.keras_tuner.defaults import hypermodel_defaults
from crosstune.adapters.keras_tuner.library import keras_tuner
from crosstune.adapters.keras_tuner.tuner.spec_oracle import container
from crosstune.callbacks.keras import KerasPruningCallback
from crosstune.digests.evaluated import Evaluated, part
from crosstune.errors import ObjectiveError, RequestError, SpecError, no_such, raised_by_user
from crosstune.objectives.base import Prepared
from crosstune.objectives.params import DescribedObjective
from crosstune.space.defaults import Defaults
from crosstune.space.space import Params
from crosstune.spec.faults import readable
from crosstune.spec.import_path import find
from crosstune.spec.spec import Spec
from crosstune.study.trials import budget


def prepare(described: Mapping[str, Any], spec: Spec) -> Prepared:
    """The objective of a study.

    Raises:
        RequestError: the spec has several metrics or constraints, or see `HypermodelObjective`.
    """
    if spec.metrics or spec.constraints:
        raise RequestError(
            "a described hypermodel has one metric and no constraints. Write the objective as "
            "f(params), which trains the model and returns its metrics by name"
        )
    return DescribedObjective(HypermodelObjective(described, spec), spec.space, spec.metric.name)


class _Description(BaseModel):
    """The keys of the keras_tuner dialect."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    build: str
    data: str
    fit: dict[str, Any] = {}
    executions_per_trial: Annotated[int, Field(ge=1)] = 1
    save: str | None = None


class HypermodelObjective:
    """`f(params, trial)`: the metric of a hypermodel that is trained at a point.

    Args:
        described: the keys in the module's docstring.
        spec: provides the metric, the space and the folder of relative paths.

    Raises:
        RequestError: an unknown key, or a name that cannot be imported.
    """

    def __init__(self, described: Mapping[str, Any], spec: Spec):
        try:
            keys = _Description(**described)
        except ValidationError as error:
            raise readable(error, list(_Description.model_fields)).under("objective") from None
        self._described = dict(described)
        self._metric = spec.metric.name
        self._minimizes = spec.metric.direction == "minimize"
        self._keys = keys
        self._space = container(spec.space)
        self._build = find(keys.build, spec.folder)
        self._hypermodel = _hypermodel(self._build)
        self._save = None if keys.save is None else (spec.folder or Path()) / keys.save
        self._training, self._validation = _data(find(keys.data, spec.folder), keys.data)

    def __call__(self, params: Params, trial: Trial) -> float:
        """The mean of the metric over the executions."""
        values, best = [], None
        for execution in range(self._keys.executions_per_trial):
            value, model = self._execute(params, trial, reports=execution == 0)
            if best is None or self._is_better(value, best[0]):
                best = value, model
            values.append(value)
        mean = float(np.mean(values))
        if self._save is not None and best is not None and self._leads(trial, mean):
            self._save.parent.mkdir(parents=True, exist_ok=True)
            best[1].save(self._save)
        return mean

    def evaluated(self) -> Evaluated:
        """Digests of the data and settings that the metric depends on; data are arrays or lists."""
        keys = self._keys
        parts = {
            "metric": self._metric,
            "fit": {name: value for name, value in keys.fit.items() if name != "verbose"},
            "executions_per_trial": keys.executions_per_trial,
            **{f"training data {i}": array for i, array in enumerate(self._training)},
            **{f"validation data {i}": array for i, array in enumerate(self._validation or ())},
        }
        plain = (str, int, dict, list, np.ndarray)
        return {name: part(value) for name, value in parts.items() if isinstance(value, plain)}

    def defaults(self) -> Defaults:
        """The default values of the hypermodel's hyperparameters; builds a model."""
        return hypermodel_defaults(self._hypermodel, self._keys.build)

    def made_of(self) -> dict[str, Any]:
        """Description, hypermodel and data, by which a match recognises the objective."""
        data = (self._training, self._validation)
        return {"objective": self._described, "build": self._build, "data": data}

    def _execute(self, params: Params, trial: Trial, *, reports: bool) -> tuple[float, Any]:
        hp = self._space.copy()
        hp.values = dict(params)
        hp.ensure_active_values()
        model = self._hypermodel.build(hp)
        fit = copy.deepcopy(self._keys.fit)
        if self._validation is not None:
            fit["validation_data"] = self._validation
        planned = budget(trial)
        if planned is not None:
            fit["epochs"] = planned.epochs
        if reports:
            fit["callbacks"] = [KerasPruningCallback(trial, self._metric, divergence="fail")]
        returned = self._hypermodel.fit(hp, model, *self._training, **fit)
        return self._value(returned), model

    def _value(self, returned: Any) -> float:
        """The metric from the result of `HyperModel.fit`: a history, a mapping, or the number."""
        logs = getattr(returned, "history", returned)
        if not isinstance(logs, Mapping):
            try:
                return float(logs)
            except (TypeError, ValueError):
                raise ObjectiveError(
                    f"HyperModel.fit returned {type(returned).__name__}. It has to return a "
                    "history, a mapping of metrics, or the number"
                ) from None
        if self._metric not in logs:
            raise ObjectiveError(no_such("metric in the logs", self._metric, logs))
        epochs = np.atleast_1d(np.asarray(logs[self._metric], dtype=float))
        return float(epochs.min() if self._minimizes else epochs.max())

    def _is_better(self, value: float, other: float) -> bool:
        return value < other if self._minimizes else value > other

    def _leads(self, trial: Trial, value: float) -> bool:
        """True if the value is better than those of all completed trials."""
        try:
            return self._is_better(value, trial.study.best_value)
        except ValueError:  # No trial is complete.
            return value == value


def _hypermodel(build: Any) -> Any:
    if isinstance(build, type):
        build = build()
    if isinstance(build, keras_tuner.HyperModel):
        return build
    if not callable(build):
        raise RequestError(f"build has to be build_model(hp) or a HyperModel, not {build!r}")
    return _Built(build)


class _Built(keras_tuner.HyperModel):  # type: ignore[misc]  # untyped
    """A function `build_model(hp)` as a hypermodel, like Keras Tuner's own wrapper."""

    def __init__(self, build: Any):
        super().__init__()
        self.build = build


def _data(load: Any, name: str) -> tuple[Any, Any]:
    """The training data, and the validation data or None."""
    with raised_by_user(lambda why: SpecError(f"{name}() failed: {why}", ("objective", "data"))):
        loaded = load()
    if not isinstance(loaded, tuple) or len(loaded) != 2:
        raise SpecError(
            f"{name}() has to return x, y or (x, y), (x_val, y_val)", ("objective", "data")
        )
    if isinstance(loaded[0], tuple):
        return loaded
    return loaded, None
