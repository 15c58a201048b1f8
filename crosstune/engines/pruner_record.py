"""A pruner as a study's record stores it: a name and options, or a class and parameters."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from optuna.pruners import BasePruner, NopPruner

from crosstune import _optuna

_HOMES = ("optuna.pruners.", "crosstune.pruners.curve.")
"""The modules of the pruners that `crosstune.pruners` makes by name."""


def described(pruner: BasePruner) -> dict[str, Any] | None:
    """A pruner as JSON values; None for no pruning.

    A pruner that `crosstune.pruners` can make is stored as its name and the options that are not
    the default. Any other is stored as its class and parameters, and cannot be made again.

    Args:
        pruner: one that was not used yet; some change their parameters in use.

    >>> import optuna
    >>> described(optuna.pruners.MedianPruner(n_startup_trials=2))
    {'name': 'median', 'options': {'n_startup_trials': 2}}
    """
    if isinstance(pruner, NopPruner):
        return None
    kind = type(pruner)
    options = {
        name: _plain(value)
        for name, (value, default) in _optuna.parameters(pruner).items()
        if not _is_default(value, default)
    }
    if kind.__module__.startswith(_HOMES):
        return {"name": _name(kind), "options": options}
    return {"class": f"{kind.__module__}.{kind.__qualname__}", "parameters": options}


def _name(kind: type) -> str:
    """The name of a pruner, from its class: `SuccessiveHalvingPruner` is "successive-halving"."""
    words = re.findall("[A-Z][a-z]*", kind.__name__.removesuffix("Pruner"))
    return "-".join(words).lower()


def _is_default(value: Any, default: Any) -> bool:
    """True if a parameter has its default. Optuna stores None for "auto", and infinity for None."""
    if default == "auto" and value is None:
        return True
    if default is None and isinstance(value, float) and math.isinf(value):
        return True
    return type(value) is type(default) and bool(value == default)


def _plain(value: Any) -> Any:
    if isinstance(value, BasePruner):
        inner = described(value)
        if inner is None:
            return {"name": "none"}
        return {"name": inner["name"], **inner["options"]} if "name" in inner else inner
    if hasattr(value, "item"):  # of numpy
        value = value.item()
    return json.loads(json.dumps(value, default=lambda other: type(other).__name__))
