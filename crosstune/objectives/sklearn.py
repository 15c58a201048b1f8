"""The sklearn dialect: an estimator and its data, described in the spec, under cross-validation.

    objective:
      estimator: sklearn.linear_model:LogisticRegression    # or a list, which makes a pipeline
      params: {max_iter: 5000}                              # fixed ones
      data: sklearn.datasets:load_iris                      # or {csv: flowers.csv, target: species}
      cv: 5
      scoring: [recall_macro, f1_macro]                     # stored beside the metric
      test: 0.2                                             # held out, scored once at the end

The metric is one of scikit-learn's scorers, the names in the space are the estimator's
parameters (``step__parameter`` in a pipeline). After each fold the mean so far is reported, so
pruners work.
"""

from __future__ import annotations

import csv
import inspect
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import optuna
from optuna.trial import Trial
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from crosstune.digests.evaluated import Evaluated, of_data, of_estimator, of_splits, part
from crosstune.errors import SpecError, message_of, no_such, raised_by_user
from crosstune.objectives.estimator_defaults import estimator_defaults, settable
from crosstune.space.defaults import Defaults
from crosstune.space.space import Params
from crosstune.spec.spec import Spec, readable
from crosstune.system.extras import needing
from crosstune.system.files import regular

with needing("an objective with an estimator", "crosstune[scikit-learn]", "sklearn"):
    from sklearn import metrics, model_selection, pipeline
    from sklearn.base import clone, is_classifier


class _Table(BaseModel):
    """A CSV file with a header; every column but `target` is a feature, and a number."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    csv: str
    target: str


class _SklearnKeys(BaseModel):
    """The keys of the sklearn dialect."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    estimator: str | list[str]
    data: str | _Table
    params: dict[str, Any] = {}
    cv: Annotated[int, Field(ge=2)] = 5
    scoring: list[str] = []
    test: Annotated[float, Field(gt=0, lt=1)] | None = None


class EstimatorObjective:
    """`f(params, trial)`: the cross-validated score of an estimator, with further scores.

    Args:
        described: the keys in the module's docstring.
        spec: gives the metric, the space, the seed and the folder of relative paths.

    Raises:
        RequestError: an unknown key, estimator, parameter or scorer, or data that cannot be read.
    """

    def __init__(self, described: Mapping[str, Any], spec: Spec):
        try:
            keys = _SklearnKeys(**described)
        except ValidationError as error:
            raise readable(error, list(_SklearnKeys.model_fields)).under("objective") from None
        self._described = dict(described)
        self._metric = spec.objectives[0].name
        self._reports = not spec.metrics  # Optuna prunes by one metric alone
        self._names = list(spec.space)
        self._always = [name for name, item in spec.space.items() if not item.when]
        limited = [limit.metric for limit in spec.constraints]
        metrics_named = [metric.name for metric in spec.objectives]
        self._scoring = {name: name for name in (*metrics_named, *keys.scoring, *limited)}
        self._check_scorers(spec)
        self._estimator = self._build(keys.estimator, spec.folder, keys.params)
        names = list(settable(self._estimator))
        for name in (*spec.space, *keys.params):
            if name not in names:
                where = ("space",) if name in spec.space else ("objective", "params")
                raise SpecError(no_such("parameter of the estimator", name, names), (*where, name))
        self._estimator.set_params(**keys.params)
        self._x, self._y = self._data(keys.data, spec.folder)
        self._held_out = None
        if keys.test is not None:
            stratify = self._y if is_classifier(self._estimator) else None
            self._x, x_test, self._y, y_test = model_selection.train_test_split(
                self._x, self._y, test_size=keys.test, random_state=0, stratify=stratify
            )
            self._held_out = x_test, y_test
        self._splitter = model_selection.check_cv(
            keys.cv, self._y, classifier=is_classifier(self._estimator)
        )
        try:
            self._folds = list(self._splitter.split(self._x, self._y))
        except ValueError as error:
            raise SpecError(message_of(error), ("objective", "cv")) from error

    def __call__(self, params: Params, trial: Trial) -> dict[str, float]:
        """The mean of each score over the folds."""
        estimator = clone(self._estimator).set_params(**params)
        scores: dict[str, list[float]] = {name: [] for name in self._scoring}
        for step, fold in enumerate(self._folds):
            result = model_selection.cross_validate(
                estimator, self._x, self._y, cv=[fold], scoring=self._scoring, error_score="raise"
            )
            for name, so_far in scores.items():
                so_far.append(float(result[f"test_{name}"][0]))
            if not self._reports:
                continue
            trial.report(float(np.mean(scores[self._metric])), step)
            if step + 1 < len(self._folds) and trial.should_prune():
                raise optuna.TrialPruned
        return {name: float(np.mean(all_folds)) for name, all_folds in scores.items()}

    def evaluated(self) -> Evaluated:
        """Digests of the data and settings that the metric depends on beside the params."""
        return {
            "metric": part(self._metric, self._metric),
            **of_data(self._x, self._y, {}),
            **of_splits(self._folds, self._splitter),
            **of_estimator(self._estimator, self._always),
        }

    def defaults(self) -> Defaults:
        """The values that the estimator has before any is set by the space."""
        return estimator_defaults(self._estimator, self._names)

    def made_of(self) -> dict[str, Any]:
        """Description, estimator and data, by which a match recognises the objective."""
        data = (self._x, self._y, self._held_out)
        return {"objective": self._described, "estimator": self._estimator, "data": data}

    def test(self, params: Params) -> dict[str, float] | None:
        """The scores on the held-out part, after a fit on the rest; None if no part is held out.

        Use it once, for the chosen model: a score by which a model is chosen is too optimistic.
        """
        if self._held_out is None:
            return None
        estimator = clone(self._estimator).set_params(**params).fit(self._x, self._y)
        x, y = self._held_out
        return {name: float(metrics.get_scorer(name)(estimator, x, y)) for name in self._scoring}

    def _check_scorers(self, spec: Spec) -> None:
        scorers = metrics.get_scorer_names()
        places: dict[str, tuple[str | int, ...]] = {}
        for i, limit in enumerate(spec.constraints):
            places[limit.metric] = ("constraints", i, "metric")
        for i, metric in enumerate(spec.objectives):
            places[metric.name] = ("metrics", i, "name") if spec.metrics else ("metric", "name")
        for name in self._scoring:
            if name not in scorers:
                where = places.get(name, ("objective", "scoring"))
                raise SpecError(no_such("scorer of scikit-learn", name, scorers), where)
        for metric in spec.objectives:
            if metric.direction != "maximize":
                raise SpecError(
                    f"scikit-learn's scorer {metric.name!r} is better when it is larger (errors "
                    "are negated there), so the direction has to be maximize",
                    (*places[metric.name][:-1], "direction"),
                )

    @staticmethod
    def _build(target: str | list[str], folder: Path | None, params: Mapping[str, Any]) -> Any:
        from crosstune.spec.import_path import find

        steps = [target] if isinstance(target, str) else target
        if not steps:
            raise SpecError("an estimator is needed", ("objective", "estimator"))
        built = []
        for step in steps:
            made = find(step, folder)
            with raised_by_user(partial(_failed, step, "estimator")):
                built.append(made() if inspect.isclass(made) or inspect.isroutine(made) else made)
            if not hasattr(built[-1], "fit") or not hasattr(built[-1], "get_params"):
                raise SpecError(f"{step} is no estimator", ("objective", "estimator"))
        return built[0] if isinstance(target, str) else pipeline.make_pipeline(*built)

    @staticmethod
    def _data(source: str | _Table, folder: Path | None) -> tuple[Any, Any]:
        from crosstune.spec.import_path import find

        if isinstance(source, _Table):
            return _read_table(source, folder)
        loader = find(source, folder)
        with raised_by_user(partial(_failed, source, "data")):
            both = "return_X_y" in inspect.signature(loader).parameters
            loaded = loader(return_X_y=True) if both else loader()
        if isinstance(loaded, Mapping) and {"data", "target"} <= set(loaded):
            return loaded["data"], loaded["target"]
        if isinstance(loaded, tuple) and len(loaded) == 2:
            return loaded
        raise SpecError(
            f"{source}() has to return features and target, not {type(loaded).__name__}",
            ("objective", "data"),
        )


def _failed(name: str, key: str, why: str) -> SpecError:
    return SpecError(f"{name}() failed: {why}", ("objective", key))


def _read_table(table: _Table, folder: Path | None) -> tuple[Any, Any]:
    path = (folder or Path()) / table.csv
    try:
        with open(path, newline="", encoding="utf-8-sig", opener=regular) as file:
            header, *rows = [row for row in csv.reader(file) if row]
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SpecError(f"{path} cannot be read: {reason}", ("objective", "data", "csv")) from None
    except ValueError:
        raise SpecError(f"{path} is empty", ("objective", "data", "csv")) from None
    if table.target not in header:
        raise SpecError(no_such("column", table.target, header), ("objective", "data", "target"))
    if not rows:
        raise SpecError(f"{path} has a header and no rows", ("objective", "data", "csv"))
    at = header.index(table.target)
    features = []
    for number, row in enumerate(rows, start=2):
        if len(row) != len(header):
            raise SpecError(
                f"{path}:{number}: {len(row)} fields under {len(header)} columns",
                ("objective", "data", "csv"),
            )
        try:
            features.append([float(cell) for i, cell in enumerate(row) if i != at])
        except ValueError as error:
            raise SpecError(
                f"{path}:{number}: {error}. Every column but the target has to hold numbers",
                ("objective", "data", "csv"),
            ) from None
    target = np.array([row[at] for row in rows])
    try:
        return np.array(features), target.astype(float)
    except ValueError:
        return np.array(features), target
