"""How a parameter stands in the ledger, the `optuna.Study` that holds every trial.

The ledger speaks the user's language: `trial.params` holds the spec's values whichever engine
proposed them. Only where a choice has values that Python takes for equal (1, 1.0 and True) does
it hold their JSON text, since Optuna could not tell them apart.
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
    """The distribution under which the ledger holds a parameter's values.

    It has the values and the scale of the parameter. Its prior is that of the parameter only
    where Optuna has such a distribution.
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
    """The distribution of every parameter; not to be changed."""
    return {name: distribution(item) for name, item in space.items()}


def write(item: Parameter, value: Any) -> Any:
    """A value as the ledger holds it."""
    if isinstance(item, Choice) and _ambiguous(item.values):
        return json.dumps(value)
    return value


def read(item: Parameter, held: Any) -> Any:
    """The value behind what the ledger holds, in the parameter's own type.

    Raises:
        SpecError: it is not in the range.
    """
    if isinstance(item, Choice) and isinstance(held, str) and _ambiguous(item.values):
        held = json.loads(held)
    if isinstance(item, Float) and item.grid is None:
        item.encode(held)
        return float(held)
    if isinstance(item, Normal) and item.grid is None:
        item.encode(held)
        return float(held)
    return item.decode(item.encode(held))


def is_held_as_is(item: Parameter) -> bool:
    """Whether `read` and `write` leave every value of a parameter as it is."""
    if isinstance(item, Choice):
        return not _ambiguous(item.values)
    return not isinstance(item, Float | Normal) or item.grid is None


def write_point(space: Space, params: Mapping[str, Any]) -> dict[str, Any]:
    """A point as the ledger holds it."""
    return {name: write(space[name], value) for name, value in params.items()}


def read_point(space: Space, held: Mapping[str, Any]) -> Params:
    """The point behind a trial's params: active parameters, parents first.

    Raises:
        SpecError: it is no point of the space.
    """
    params: Params = {}
    for name, item in space.items():
        if space.is_active(name, params) and name in held:
            params[name] = read(item, held[name])
    return params


def space_of(study: Study) -> Space | None:
    """The space that was declared for a study; None where none was."""
    held = study.user_attrs.get(SPACE)
    return None if held is None else Space(held)


def values(space: Space | None, held: Mapping[str, Any]) -> dict[str, Any]:
    """The values behind a trial's params; what is none of the space stays as it is held."""
    if space is None:
        return dict(held)
    point: dict[str, Any] = {}
    for name, value in held.items():
        point[name] = value
        if name in space:
            with suppress(SpecError, ValueError):
                point[name] = read(space[name], value)
    return point


def suggest(trial: Trial, name: str, held: BaseDistribution) -> Any:
    """`trial.suggest_*` for a distribution."""
    match held:
        case FloatDistribution():
            return trial.suggest_float(name, held.low, held.high, step=held.step, log=held.log)
        case IntDistribution():
            return trial.suggest_int(name, held.low, held.high, step=held.step, log=held.log)
        case CategoricalDistribution():
            return trial.suggest_categorical(name, held.choices)
    raise AssertionError(held)


def _ambiguous(values: Any) -> bool:
    return len(set(values)) < len(values)
