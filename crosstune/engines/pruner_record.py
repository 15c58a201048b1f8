"""A pruner as the record of a study has it: a name and options, or a class and parameters."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from optuna.pruners import BasePruner, NopPruner

from crosstune import _optuna

_HOMES = ("optuna.pruners.", "crosstune.pruners.curve.")
"""Where the pruners are that `crosstune.pruners` makes by name."""


def described(pruner: BasePruner) -> dict[str, Any] | None:
    """What a pruner is, as a storage can hold it; None for no pruning.

    A pruner that `crosstune.pruners` knows has a name, and the options that are not the default.
    Of any other the class and its parameters are kept, from which it cannot be made again.

    Args:
        pruner: one that was not asked yet; some change their parameters when they are.

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
    """The name of a pruner of ours or Optuna's: that of its class, as `SuccessiveHalvingPruner`."""
    words = re.findall("[A-Z][a-z]*", kind.__name__.removesuffix("Pruner"))
    return "-".join(words).lower()


def _is_default(value: Any, default: Any) -> bool:
    """Whether a parameter is what it is when it is not given.

    Optuna keeps None for "auto", and an infinite limit for None.
    """
    if default == "auto" and value is None:
        return True
    if default is None and isinstance(value, float) and math.isinf(value):
        return True
    return type(value) is type(default) and bool(value == default)


def _plain(value: Any) -> Any:
    if isinstance(value, BasePruner):
        held = described(value)
        if held is None:
            return {"name": "none"}
        return {"name": held["name"], **held["options"]} if "name" in held else held
    if hasattr(value, "item"):  # of numpy
        value = value.item()
    return json.loads(json.dumps(value, default=lambda held: type(held).__name__))
