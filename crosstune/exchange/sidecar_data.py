"""What another library's files have no place for, as plain values that are kept beside it.

It is used in an import only where what the library holds still agrees with it.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from typing import Any, TypeGuard

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    distribution_to_json,
    json_to_distribution,
)
from optuna.trial import FrozenTrial, TrialState

from crosstune.errors import SpecError
from crosstune.exchange.study_data import Contents, frozen

_STUDY = ("name", "directions", "metric_names", "space", "distributions", "attrs")
_TRIAL = (
    "state", "value", "params", "intermediate_values", "user_attrs", "system_attrs", "start",
    "complete", "native",
)  # fmt: skip


def of_study(contents: Contents) -> dict[str, Any]:
    """The study without its trials."""
    return {
        "name": contents.name,
        "directions": list(contents.directions),
        "metric_names": contents.metric_names,
        "space": None if contents.space is None else contents.space.to_dict(),
        "distributions": {n: _plain(held) for n, held in contents.distributions.items()},
        "attrs": dict(contents.attrs),
    }


def of_trial(trial: FrozenTrial, native: Mapping[str, Any]) -> dict[str, Any]:
    """A finished trial.

    Args:
        native: what the library holds in its stead, by which it is recognised.
    """
    return {
        "number": trial.number,
        "state": trial.state.name,
        "value": trial.value,
        "params": dict(trial.params),
        "intermediate_values": [[step, v] for step, v in trial.intermediate_values.items()],
        "user_attrs": dict(trial.user_attrs),
        "system_attrs": dict(trial.system_attrs),
        "start": _iso(trial.datetime_start),
        "complete": _iso(trial.datetime_complete),
        "native": dict(native),
    }


def is_study(held: Any) -> bool:
    """Whether it is what `of_study` made."""
    return isinstance(held, dict) and all(key in held for key in _STUDY)


def is_trial(held: Any, native: Mapping[str, Any]) -> TypeGuard[Mapping[str, Any]]:
    """Whether it is what `of_trial` made, and still what the library holds."""
    known = isinstance(held, dict) and all(key in held for key in _TRIAL)
    return known and _alike(held["native"], dict(native))


def distributions(held: Mapping[str, Any]) -> dict[str, BaseDistribution]:
    """Those of a study, by parameter."""
    return {name: _restored(plain) for name, plain in held["distributions"].items()}


def restored(
    held: Mapping[str, Any], number: int, distributions: Mapping[str, BaseDistribution]
) -> FrozenTrial | None:
    """A trial from its plain form; None where its values are not in the distributions."""
    try:
        return frozen(
            held.get("number", number),
            state=TrialState[held["state"]],
            value=held["value"],
            params=held["params"],
            distributions=distributions,
            user_attrs=held["user_attrs"],
            system_attrs=held["system_attrs"],
            intermediate_values=dict(held["intermediate_values"]),
            start=_time(held["start"]),
            complete=_time(held["complete"]),
        )
    except (SpecError, KeyError):
        return None


def _alike(one: Any, other: Any) -> bool:
    """Whether two plain values are equal; an undefined number equals itself."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_alike(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_alike, one, other))
    return bool(one == other or (one != one and other != other))


def _plain(held: BaseDistribution) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(distribution_to_json(held))
    if isinstance(held, CategoricalDistribution):
        plain["attributes"]["choices"] = held.choices  # JSON turns tuples into lists
    return plain


def _restored(plain: Mapping[str, Any]) -> BaseDistribution:
    if "choices" in plain["attributes"]:
        return CategoricalDistribution(plain["attributes"]["choices"])
    return json_to_distribution(json.dumps(plain))


def _iso(time: datetime.datetime | None) -> str | None:
    return None if time is None else time.isoformat()


def _time(text: str | None) -> datetime.datetime | None:
    return None if text is None else datetime.datetime.fromisoformat(text)
