"""Data that another library's files have no place for, as plain values in a file beside them.

An import uses them only if the library's own data still agree with them.
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
        "distributions": {n: _plain(item) for n, item in contents.distributions.items()},
        "attrs": dict(contents.attrs),
    }


def of_trial(trial: FrozenTrial, native: Mapping[str, Any]) -> dict[str, Any]:
    """A finished trial.

    Args:
        trial: of the study.
        native: the library's own data of the trial, by which it is recognised.
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


def is_study(data: Any) -> bool:
    """True if `of_study` made the data."""
    return isinstance(data, dict) and all(key in data for key in _STUDY)


def is_trial(data: Any, native: Mapping[str, Any]) -> TypeGuard[Mapping[str, Any]]:
    """True if `of_trial` made the data, and the library's own data have not changed since."""
    complete = isinstance(data, dict) and all(key in data for key in _TRIAL)
    return complete and _alike(data["native"], dict(native))


def distributions(study: Mapping[str, Any]) -> dict[str, BaseDistribution]:
    """The distributions in the data of a study, by parameter."""
    return {name: _restored(plain) for name, plain in study["distributions"].items()}


def restored(
    data: Mapping[str, Any], number: int, distributions: Mapping[str, BaseDistribution]
) -> FrozenTrial | None:
    """A trial from the data of `of_trial`; None if its values are not in the distributions.

    Args:
        data: from `of_trial`.
        number: of the trial, if the data have none.
        distributions: by parameter.
    """
    try:
        return frozen(
            data.get("number", number),
            state=TrialState[data["state"]],
            value=data["value"],
            params=data["params"],
            distributions=distributions,
            user_attrs=data["user_attrs"],
            system_attrs=data["system_attrs"],
            intermediate_values=dict(data["intermediate_values"]),
            start=_time(data["start"]),
            complete=_time(data["complete"]),
        )
    except (SpecError, KeyError):
        return None


def _alike(one: Any, other: Any) -> bool:
    """True if two plain values are equal; NaN equals itself."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_alike(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_alike, one, other))
    return bool(one == other or (one != one and other != other))


def _plain(distribution: BaseDistribution) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(distribution_to_json(distribution))
    if isinstance(distribution, CategoricalDistribution):
        plain["attributes"]["choices"] = distribution.choices  # JSON turns tuples into lists
    return plain


def _restored(plain: Mapping[str, Any]) -> BaseDistribution:
    if "choices" in plain["attributes"]:
        return CategoricalDistribution(plain["attributes"]["choices"])
    return json_to_distribution(json.dumps(plain))


def _iso(time: datetime.datetime | None) -> str | None:
    return None if time is None else time.isoformat()


def _time(text: str | None) -> datetime.datetime | None:
    return None if text is None else datetime.datetime.fromisoformat(text)
