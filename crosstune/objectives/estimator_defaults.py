"""The default values of an estimator: what it has before any parameter is set.

The values are those of `get_params`, so a value that the user has fixed in the estimator counts.
Two libraries have None there for "the library's own default":

- XGBoost: the value that a booster without parameters has in `Booster.save_config`, and
  `get_num_boosting_rounds` for `n_estimators`.
- CatBoost: the value in `get_all_params` of a model that is trained on four rows, for parameters
  whose default does not depend on the data (`CONSTANT_IN_CATBOOST`).

Any other parameter of these two is unknown, such as CatBoost's `learning_rate`, which depends on
the data.
"""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from crosstune.space.defaults import Defaults

CONSTANT_IN_CATBOOST = frozenset(
    {
        "bagging_temperature",
        "border_count",
        "depth",
        "grow_policy",
        "iterations",
        "l2_leaf_reg",
        "max_leaves",
        "min_data_in_leaf",
        "model_size_reg",
        "random_strength",
        "rsm",
    }
)
"""Parameters of CatBoost whose default is the same for all data."""

_CATBOOST_NAMES = {
    "n_estimators": "iterations",
    "num_boost_round": "iterations",
    "num_trees": "iterations",
    "max_depth": "depth",
    "reg_lambda": "l2_leaf_reg",
    "colsample_bylevel": "rsm",
    "max_bin": "border_count",
    "min_child_samples": "min_data_in_leaf",
    "num_leaves": "max_leaves",
}
"""CatBoost's further names of the same parameters."""


def estimator_defaults(estimator: Any, names: Iterable[str]) -> Defaults:
    """The default values of an estimator or pipeline.

    Args:
        estimator: with `get_params`; it is not changed.
        names: of parameters, ``step__parameter`` in a pipeline. Others are left out.
    """
    params = estimator.get_params(deep=True)
    values: dict[str, Any] = {}
    unknown: dict[str, str] = {}
    by_owner: dict[int, Mapping[str, Any]] = {}
    for name in names:
        prefix, _, leaf = name.rpartition("__")
        owner = params.get(prefix) if prefix else estimator
        if params.get(name) is not None:
            values[name] = params[name]
        elif _leaves_open(owner) and (name in params or leaf in signature_of(owner)):
            if id(owner) not in by_owner:
                by_owner[id(owner)] = _of_library(owner)
            if leaf in by_owner[id(owner)]:
                values[name] = by_owner[id(owner)][leaf]
            else:
                unknown[name] = f"{type(owner).__name__} does not say its default value of {leaf!r}"
        elif name in params:
            values[name] = None
    return Defaults(type(estimator).__name__, values, unknown)


def signature_of(owner: Any) -> Mapping[str, inspect.Parameter]:
    """The parameters of an estimator's constructor, also those that `get_params` leaves out."""
    return inspect.signature(type(owner)).parameters


def settable(estimator: Any) -> Iterator[str]:
    """The names that `set_params` takes: those of `get_params`, and CatBoost's further ones."""
    params = estimator.get_params(deep=True)
    yield from params
    for prefix, owner in {"": estimator, **params}.items():
        if _is_catboost(owner):
            before = f"{prefix}__" if prefix else ""
            yield from (f"{before}{leaf}" for leaf in signature_of(owner))


def _leaves_open(owner: Any) -> bool:
    """True if None stands for the default of the estimator's library."""
    return _is_xgboost(owner) or _is_catboost(owner)


def _of_library(owner: Any) -> Mapping[str, Any]:
    """The default values behind None by name, as far as the library says them."""
    try:
        return _xgboost_defaults(owner) if _is_xgboost(owner) else _catboost_defaults(owner)
    except Exception:  # Of the library, such as for a device that is absent: then they are unknown.
        return {}


def _is_xgboost(owner: Any) -> bool:
    return _is_instance(owner, "xgboost", "XGBModel")


def _is_catboost(owner: Any) -> bool:
    return _is_instance(owner, "catboost", "CatBoost")


def _is_instance(value: Any, module: str, name: str) -> bool:
    """True if a value is of a class; its library is imported once such a value exists."""
    kind = getattr(sys.modules.get(module), name, None)
    return isinstance(kind, type) and isinstance(value, kind)


def _xgboost_defaults(model: Any) -> dict[str, Any]:
    xgboost: Any = sys.modules["xgboost"]
    booster = model.get_params().get("booster")
    row = xgboost.DMatrix(np.zeros((1, 1)), label=np.zeros(1), nthread=1)
    made = xgboost.Booster({} if booster is None else {"booster": booster}, cache=[row])
    config = json.loads(made.save_config())["learner"]
    parts = {name: config[name] for name in ("learner_train_param", "objective")}
    values = {name: _number(text) for name, text in _texts(parts)}
    values.update({name: _number(text) for name, text in _texts(config["gradient_booster"])})
    values["n_estimators"] = model.get_num_boosting_rounds()
    if isinstance(model, xgboost.XGBRFClassifier | xgboost.XGBRFRegressor):
        values["n_estimators"] = model.get_xgb_params()["num_parallel_tree"]  # in a single round
    return values


def _texts(config: Any) -> Iterator[tuple[str, str]]:
    """Names and texts of all parameters in a nested configuration."""
    for name, value in config.items():
        if isinstance(value, Mapping):
            yield from _texts(value)
        elif isinstance(value, str):
            yield name, value


def _number(text: str) -> Any:
    """The number of a text, rounded to single precision: 0.3 for 0.300000012."""
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(str(np.float32(text)))
    except ValueError:
        return text


def _catboost_defaults(model: Any) -> dict[str, Any]:
    catboost: Any = sys.modules["catboost"]
    fixed = model.get_params()
    options = {name: fixed[name] for name in ("bootstrap_type", "grow_policy") if name in fixed}
    small = catboost.CatBoostRegressor(
        thread_count=1, allow_writing_files=False, logging_level="Silent", **options
    )
    small.fit([[0.0], [1.0], [2.0], [3.0]], [0.0, 1.0, 0.0, 1.0])
    trained = small.get_all_params()
    values = {name: trained[name] for name in CONSTANT_IN_CATBOOST if name in trained}
    if values.get("grow_policy") != "Lossguide":
        values.pop("max_leaves", None)  # the depth determines it
    if fixed.get("task_type") == "GPU":
        values.pop("border_count", None)  # it was read on the CPU
    values.update({a: values[b] for a, b in _CATBOOST_NAMES.items() if b in values})
    return values
