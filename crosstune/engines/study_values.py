"""How parameters are stored in the ledger, the `optuna.Study` with every trial.

`trial.params` has the spec's values, whichever engine proposed them. Only a choice among values
that Python considers equal (1, 1.0 and True) is stored as JSON text, since Optuna cannot
distinguish them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.study import Study
from optuna.trial import Trial

from crosstune.engines.record_names import SPACE
from crosstune.errors import SpecError
from crosstune.space.parameters import (
    Bool,
    Choice,
    Constant,
    Float,
    Int,
    LogNormal,
    Normal,
    Parameter,
)
from crosstune.space.space import Params, Space


def distribution(item: Parameter) -> BaseDistribution:
    """The distribution under which the ledger stores a parameter's values.

    It has the values and the scale of the parameter. It has the parameter's prior only if Optuna
    has such a distribution.
    """
    match item:
        case Float(low, high, log=True):
            return FloatDistribution(low, high, log=True)
        case Float(low, high, step=step):
            return FloatDistribution(low, high, step=None if low == high else step)
        case Int(low, high, log=True):
            return IntDistribution(low, high, log=True)
        case Int(low, high, step=step):
            return IntDistribution(low, high, step=int(step or 1))
        case Choice(values) if _ambiguous(values):
            return CategoricalDistribution([json.dumps(value) for value in values])
        case Choice(values):
            return CategoricalDistribution(values)
        case Bool():
            return CategoricalDistribution([False, True])
        case Constant(value):
            return CategoricalDistribution([value])
        case Normal(step=step):
            low, high = item.bounds
            log = isinstance(item, LogNormal) and step is None
            return FloatDistribution(low, high, step=step, log=log)
    raise AssertionError(item)


@lru_cache(maxsize=64)
def distributions(space: Space) -> Mapping[str, BaseDistribution]:
    """The distribution of every parameter; do not change the result."""
    return {name: distribution(item) for name, item in space.items()}


def write(item: Parameter, value: Any) -> Any:
    """A value as the ledger stores it."""
    if isinstance(item, Choice) and _ambiguous(item.values):
        return json.dumps(value)
    return value


def read(item: Parameter, stored: Any) -> Any:
    """A parameter's value from its stored form, in the parameter's own type.

    Raises:
        SpecError: it is not in the range.
    """
    if isinstance(item, Choice) and isinstance(stored, str) and _ambiguous(item.values):
        stored = json.loads(stored)
    raw = item.encode(stored)
    return (
        float(stored)
        if isinstance(item, Float | Normal) and item.grid is None
        else item.decode(raw)
    )


def is_stored_as_is(item: Parameter) -> bool:
    """True if `read` and `write` return every value of a parameter unchanged."""
    if isinstance(item, Choice):
        return not _ambiguous(item.values)
    return not isinstance(item, Float | Normal) or item.grid is None


def write_point(space: Space, params: Mapping[str, Any]) -> dict[str, Any]:
    """A point as the ledger stores it."""
    return {name: write(space[name], value) for name, value in params.items()}


def read_point(space: Space, stored: Mapping[str, Any]) -> Params:
    """Decode a trial's params into a point: active parameters, parents first.

    Raises:
        SpecError: it is not a point of the space.
    """
    params: Params = {}
    for name, item in space.items():
        if space.is_active(name, params) and name in stored:
            params[name] = read(item, stored[name])
    return params


def space_of(study: Study) -> Space | None:
    """The space that was declared for a study, if any."""
    declared = study.user_attrs.get(SPACE)
    return None if declared is None else Space(declared)


def values(space: Space | None, stored: Mapping[str, Any]) -> dict[str, Any]:
    """Decode a trial's params. Names and values that are not in the space are unchanged."""
    if space is None:
        return dict(stored)
    point: dict[str, Any] = {}
    for name, value in stored.items():
        point[name] = value
        if name in space:
            with suppress(SpecError, ValueError):
                point[name] = read(space[name], value)
    return point


def suggest(trial: Trial, name: str, law: BaseDistribution) -> Any:
    """Call `trial.suggest_*` for a distribution.

    Args:
        trial: a running trial.
        name: of the parameter.
        law: its distribution.
    """
    match law:
        case FloatDistribution():
            return trial.suggest_float(name, law.low, law.high, step=law.step, log=law.log)
        case IntDistribution():
            return trial.suggest_int(name, law.low, law.high, step=law.step, log=law.log)
        case CategoricalDistribution():
            return trial.suggest_categorical(name, law.choices)
    raise AssertionError(law)


def _ambiguous(values: Any) -> bool:
    return len(set(values)) < len(values)
