"""Evaluations and settings of a match as JSON, and back."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any

from pydantic_core import to_json

from crosstune.benchmarks.match.results import About, Evaluation, Identity, Settings

_DEFAULTS = {
    field.name: field.default for field in fields(Evaluation) if field.default is not MISSING
}
"""Values that a line leaves out."""


def as_line(entry: Mapping[str, Any]) -> bytes:
    """A mapping as one line of JSON; non-finite numbers become text."""
    try:
        # Takes a quarter of the time of `json`, once per trial.
        text = to_json(entry, inf_nan_mode="strings")
    except ValueError:  # an unpaired surrogate, as in the name of an odd file
        text = json.dumps(_plain(entry), allow_nan=False).encode()
    return text + b"\n"


def evaluation_fields(evaluation: Evaluation) -> dict[str, Any]:
    """The fields of an evaluation that differ from their defaults."""
    values = vars(evaluation)
    return {
        key: values[key] for key in values if key not in _DEFAULTS or values[key] != _DEFAULTS[key]
    }


def _plain(value: Any) -> Any:
    """A value with non-finite numbers as text, since JSON has none."""
    match value:
        case float() if not math.isfinite(value):
            return str(value)
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
    return value


def as_number(value: Any) -> float | None:
    """The number behind a JSON value, which may be text such as "inf"; None stays None."""
    return None if value is None else float(value)


def evaluation_from(entry: dict[str, Any]) -> Evaluation:
    """The evaluation of a line."""
    values = {field.name: entry[field.name] for field in fields(Evaluation) if field.name in entry}
    values["value"], values["test"] = as_number(values["value"]), as_number(values.get("test"))
    values["reports"] = tuple(
        (int(step), float(value)) for step, value in values.get("reports", ())
    )
    if "constraints" in values:
        values["constraints"] = {key: float(value) for key, value in values["constraints"].items()}
    return Evaluation(**values)


def settings_from(stored: dict[str, Any]) -> Settings:
    """The settings of a match from the mapping in its file."""
    stored = {"startup": {}, **stored}  # older versions did not write it
    values = {field.name: stored[field.name] for field in fields(Settings)}
    values["problems"] = tuple(_about(about) for about in values["problems"])
    values["contenders"] = tuple(values["contenders"])
    values["looks"] = tuple(values["looks"])
    values["rounds"] = tuple(values["rounds"]) if values["rounds"] else None
    return Settings(**values)


def _about(stored: dict[str, Any]) -> About:
    objective = stored.get("objective")  # older versions did not write it
    if objective is not None:
        objective = Identity(objective["parts"], objective["unseen"], tuple(objective["state"]))
    return About(**{**stored, "objective": objective})
