"""The sklearn dialect: an estimator and its data, described in the spec, under cross-validation.

    objective:
      estimator: sklearn.linear_model:LogisticRegression    # or a list, which makes a pipeline
      params: {max_iter: 5000}                              # fixed ones
      data: sklearn.datasets:load_iris                      # or {csv: flowers.csv, target: species}
                                                            # with columns of groups and weights
      cv: 5
      scoring: [recall_macro, f1_macro]                     # stored beside the metric
      test: 0.2                                             # held out, scored once at the end

The metric is one of scikit-learn's scorers, the names in the space are the estimator's
parameters (``step__parameter`` in a pipeline). After each fold the mean so far is reported, so
pruners work.
"""

from __future__ import annotations

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
from crosstune.objectives.table import CsvKeys, TrainingData, read_table
from crosstune.space.defaults import Defaults
from crosstune.space.space import Params
from crosstune.spec.faults import readable
from crosstune.spec.spec import Spec
from crosstune.system.extras import needing

with needing("an objective with an estimator", "crosstune[scikit-learn]", "sklearn"):
    from sklearn import metrics, model_selection, pipeline
    from sklearn.base import clone, is_classifier
    from sklearn.utils.validation import has_fit_parameter


class _SklearnKeys(BaseModel):
    """The keys of the sklearn dialect."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    estimator: str | list[str]
    data: str | CsvKeys
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
        data = self._data(keys.data, spec.folder)
        self._fit_weights = self._name_of_weights() if data.weights is not None else ""
        self._held_out, self._whole = None, data
        if keys.test is not None:
            index, held_out = self._test_split(data, keys.test)
            data, self._held_out = data.rows(index), data.rows(held_out)
        self._training = data
        self._splitter = self._splitter_of(data, keys.cv)
        try:
            self._folds = list(self._splitter.split(data.x, data.y, data.groups))
        except ValueError as error:
            raise SpecError(message_of(error), ("objective", "cv")) from error
        if data.odd is not None:
            self._check_takes(data.odd, spec)

    def __call__(self, params: Params, trial: Trial) -> dict[str, float]:
        """The mean of each score over the folds."""
        estimator = clone(self._estimator).set_params(**params)
        scores: dict[str, list[float]] = {name: [] for name in self._scoring}
        for step, fold in enumerate(self._folds):
            train, validation = (self._training.rows(index) for index in fold)
            fitted = self._fitted(clone(estimator), train)
            for name, so_far in scores.items():
                so_far.append(self._score(name, fitted, validation))
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
            **of_data(self._training.x, self._training.y, self._row_values()),
            **of_splits(self._folds, self._splitter),
            **of_estimator(self._estimator, self._always),
        }

    def defaults(self) -> Defaults:
        """The values that the estimator has before any is set by the space."""
        return estimator_defaults(self._estimator, self._names)

    def made_of(self) -> dict[str, Any]:
        """Description, estimator and data, by which a match recognises the objective."""
        held_out = self._held_out
        data: Any = (
            self._training.x,
            self._training.y,
            None if held_out is None else (held_out.x, held_out.y),
        )
        if self._row_values():
            data = (*data, self._row_values())
        return {"objective": self._described, "estimator": self._estimator, "data": data}

    def test(self, params: Params) -> dict[str, float] | None:
        """The scores on the held-out part, after a fit on the rest; None if no part is held out.

        Use it once, for the chosen model: a score by which a model is chosen is too optimistic.
        """
        if self._held_out is None:
            return None
        fitted = self._fitted(clone(self._estimator).set_params(**params), self._training)
        return {name: self._score(name, fitted, self._held_out) for name in self._scoring}

    def fitted(self, params: Params) -> Any:
        """The estimator with these parameters, fitted to all rows, also those held out."""
        return self._fitted(clone(self._estimator).set_params(**params), self._whole)

    def _fitted(self, estimator: Any, data: TrainingData) -> Any:
        weights = {} if data.weights is None else {self._fit_weights: data.weights}
        return estimator.fit(data.x, data.y, **weights)

    @staticmethod
    def _score(name: str, fitted: Any, data: TrainingData) -> float:
        weights = {} if data.weights is None else {"sample_weight": data.weights}
        return float(metrics.get_scorer(name)(fitted, data.x, data.y, **weights))

    def _row_values(self) -> dict[str, Any]:
        """Groups and weights, if there are any."""
        values = {"groups": self._training.groups, "sample_weight": self._training.weights}
        return {name: value for name, value in values.items() if value is not None}

    def _name_of_weights(self) -> str:
        """The argument of `fit` for weights, which the last step of a pipeline gets."""
        last, prefix = self._estimator, ""
        while isinstance(last, pipeline.Pipeline):
            name, last = last.steps[-1]
            prefix += f"{name}__"
        if not has_fit_parameter(last, "sample_weight"):
            raise SpecError(
                f"{type(last).__name__} takes no weights. Leave them out, or choose another "
                "estimator",
                ("objective", "data", "weights"),
            )
        return f"{prefix}sample_weight"

    def _test_split(self, data: TrainingData, share: float) -> tuple[Any, Any]:
        """The rows for tuning, and those that are held out; no group is in both."""
        every = np.arange(len(data.y))
        if data.groups is not None:
            splitter = model_selection.GroupShuffleSplit(1, test_size=share, random_state=0)
            try:
                return next(splitter.split(every, data.y, data.groups))  # type: ignore[no-any-return]
            except ValueError as error:
                raise SpecError(message_of(error), ("objective", "test")) from error
        stratify = data.y if is_classifier(self._estimator) else None
        index, held_out = model_selection.train_test_split(
            every, test_size=share, random_state=0, stratify=stratify
        )
        return index, held_out

    def _splitter_of(self, data: TrainingData, folds: int) -> Any:
        classifies = is_classifier(self._estimator)
        if data.groups is None:
            return model_selection.check_cv(folds, data.y, classifier=classifies)
        grouped = model_selection.StratifiedGroupKFold if classifies else model_selection.GroupKFold
        return grouped(folds)

    def _check_takes(self, odd: str, spec: Spec) -> None:
        """Refuse a table with text or empty cells that the estimator cannot be fitted to.

        Fits all rows for tuning at up to three points of the space; one that works is enough.
        """
        rng = np.random.default_rng(0)
        for _ in range(3):
            try:
                self._fitted(
                    clone(self._estimator).set_params(**spec.space.sample(rng)), self._training
                )
                return
            except (ValueError, TypeError) as error:
                why = message_of(error)
        raise SpecError(
            f"{odd}, and the estimator does not take that: {why}\nPut a step before it that "
            "encodes text or fills empty cells, or choose one that takes them, such as "
            "HistGradientBoostingClassifier",
            ("objective", "data", "csv"),
        )

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
    def _data(source: str | CsvKeys, folder: Path | None) -> TrainingData:
        from crosstune.spec.import_path import find

        if isinstance(source, CsvKeys):
            return read_table(source, folder)
        loader = find(source, folder)
        with raised_by_user(partial(_failed, source, "data")):
            both = "return_X_y" in inspect.signature(loader).parameters
            loaded = loader(return_X_y=True) if both else loader()
        if isinstance(loaded, Mapping) and {"data", "target"} <= set(loaded):
            return TrainingData(loaded["data"], loaded["target"])
        if isinstance(loaded, tuple) and len(loaded) == 2:
            return TrainingData(*loaded)
        raise SpecError(
            f"{source}() has to return features and target, not {type(loaded).__name__}",
            ("objective", "data"),
        )


def _failed(name: str, key: str, why: str) -> SpecError:
    return SpecError(f"{name}() failed: {why}", ("objective", key))
