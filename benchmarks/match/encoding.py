"""Evaluations and settings of a match as JSON, and back by pydantic.

Reading raises pydantic's ValidationError, which is a ValueError. Text such as "inf" is a number.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any

from pydantic import TypeAdapter
from pydantic_core import to_json

from crosstune.benchmarks.match.results import Evaluation, MatchRun, Settings

evaluation_from = TypeAdapter(Evaluation).validate_python
"""The evaluation of a line."""
end_from = TypeAdapter(MatchRun).validate_python
"""The run of its last line, without its evaluations."""
settings_from = TypeAdapter(Settings).validate_python
"""The settings of a match from the mapping in its file; older ones lack `startup`."""

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
