"""The dialect of an objective, by its type and its parameters' names."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from crosstune.engines import registry
from crosstune.errors import RequestError


def tell_dialect(objective: Any) -> str:
    """The dialect of an objective, by its type and then by its parameters' names.

    Raises:
        RequestError: it fits no dialect.
    """
    if isinstance(objective, Mapping):
        keys = {dialect.key: name for name, dialect in registry.dialects().items() if dialect.key}
        return next((keys[key] for key in keys if key in objective), "sklearn")
    if not callable(objective):
        raise RequestError(f"an objective is a function, not {objective!r}")
    needed, every = parameter_names(objective)
    for name, dialect in registry.dialects().items():
        if needed == [dialect.parameter]:
            return name
    if "params" in every and set(needed) <= {"params", "trial"}:
        return "crosstune"
    if not needed and set(every) - {"trial"}:
        return "crosstune"  # takes the values by name
    shown = ", ".join(needed)
    raise RequestError(
        f"the objective {getattr(objective, '__name__', objective)}({shown}) has to take 'trial' "
        "(Optuna's), or 'params', or 'params' and 'trial', and nothing else without a default; or "
        "the parameters of the space by name, each with a default. Rename its parameters, or say "
        "dialect= in Python"
    )


def parameter_names(function: Callable[..., Any]) -> tuple[list[str], list[str]]:
    """The names of the required parameters, and of all parameters."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return [], []
    named = [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    return [p.name for p in named if p.default is p.empty], [p.name for p in named]


def default_arguments(function: Callable[..., Any]) -> dict[str, Any]:
    """The default arguments of a function by name."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return {}
    return {p.name: p.default for p in parameters if p.default is not p.empty}


def takes_any_name(function: Callable[..., Any]) -> bool:
    """True if a function has `**` for further arguments."""
    parameters = inspect.signature(function).parameters.values()
    return any(p.kind is p.VAR_KEYWORD for p in parameters)
