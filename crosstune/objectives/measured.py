"""What an objective returned, as the values of several metrics and as constraints.

A metric that one trial does not return, or returns as NaN, fails this trial alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from optuna.trial import Trial

from crosstune import _optuna
from crosstune.engines.record_names import ERROR, PREFIX
from crosstune.errors import ObjectiveError, shortened
from crosstune.spec.measures import MetricLimit


class TrialFailed(Exception):
    """The objective raised: the trial failed, and the study may continue."""


def split(trial: Trial, returned: Any, names: Sequence[str]) -> tuple[list[Any], dict[str, Any]]:
    """The values of several metrics in the order of `names`, and the further items by name.

    Args:
        trial: that was evaluated.
        returned: by the objective: a mapping, or a tuple or list in the order of `names`.
        names: of the metrics.

    Raises:
        TrialFailed: the mapping lacks a metric.
        ObjectiveError: it is neither, or has another number of values.
    """
    shown = ", ".join(map(repr, names))
    if isinstance(returned, Mapping):
        items = dict(returned)
        missing = [name for name in names if name not in items]
        if missing:
            fail(trial, f"the objective returned no {missing[0]!r}. It returned: {_names(items)}")
        values = [items.pop(name) for name in names]
        return values, {str(name): value for name, value in items.items()}
    if not isinstance(returned, tuple | list):
        raise ObjectiveError(
            f"the objective returned {shortened(repr(returned))}. It has to return {shown}, as a "
            "mapping or as a tuple in this order"
        )
    if len(returned) != len(names):
        raise ObjectiveError(
            f"the objective returned {len(returned)} values, and the spec has {len(names)} "
            f"metrics: {shown}"
        )
    return list(returned), {}


def note_nan(trial: Trial, names: Sequence[str], values: Sequence[float]) -> None:
    """Say in a trial which of its metrics is NaN; Optuna fails it.

    Args:
        trial: that was evaluated.
        names, values: of its metrics.
    """
    nan = [name for name, value in zip(names, values, strict=True) if value != value]
    if nan:
        trial.set_user_attr(ERROR, f"{nan[0]!r} = NaN")


def constrain(trial: Trial, metrics: Mapping[str, float], limits: Sequence[MetricLimit]) -> None:
    """Set the constraints of a trial, whose other metrics are among its attributes.

    Args:
        trial: that was evaluated.
        metrics: by name, those that are optimized.
        limits: the constraints.

    Raises:
        TrialFailed: a metric is not there, or is no number.
    """
    attrs = _optuna.frozen(trial).user_attrs
    returned = {**{key: attrs[key] for key in attrs if not key.startswith(PREFIX)}, **metrics}
    beyond: dict[str, float] = {}
    for limit in limits:
        if limit.metric not in returned:
            fail(
                trial,
                f"there is a constraint on {limit.metric!r}, which the objective did not return. "
                f"It returned: {_names(returned)}",
            )
        value = returned[limit.metric]
        if isinstance(value, bool) or not isinstance(value, int | float):
            fail(trial, f"the constraint on {limit.metric!r} needs a number, not {value!r}")
        if math.isnan(value):
            fail(trial, f"{limit.metric!r} = NaN, and there is a constraint on it")
        beyond.update(limit.violations(float(value)))
    _optuna.constrain(trial, beyond)


def fail(trial: Trial, message: str) -> NoReturn:
    """Fail a trial, with the reason as an attribute.

    Raises:
        TrialFailed: always.
    """
    trial.set_user_attr(ERROR, message)
    raise TrialFailed(message)


def is_nan(value: float | Sequence[float]) -> bool:
    """True if a value, or one of several, is NaN."""
    return any(item != item for item in value) if isinstance(value, Sequence) else value != value


def _names(items: Mapping[Any, Any]) -> str:
    return ", ".join(map(str, items)) or "nothing"
