"""Pruners by name, Optuna's and crosstune's, which work with every engine."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from optuna import pruners

from crosstune.errors import RequestError, UnknownName, no_such
from crosstune.pruners.curve import CurvePruner
from crosstune.system.extras import require
from crosstune.system.scalars import plain_arguments

NAMES: dict[str, type[pruners.BasePruner]] = {
    "none": pruners.NopPruner,
    "curve": CurvePruner,
    "median": pruners.MedianPruner,
    "percentile": pruners.PercentilePruner,
    "successive-halving": pruners.SuccessiveHalvingPruner,
    "hyperband": pruners.HyperbandPruner,
    "threshold": pruners.ThresholdPruner,
    "patient": pruners.PatientPruner,
    "wilcoxon": pruners.WilcoxonPruner,
}
_NEEDS_SCIPY = ("curve", "wilcoxon")


@plain_arguments()
def create(name: str | None, options: dict[str, Any] | None = None) -> pruners.BasePruner:
    """Make a pruner by name; None disables pruning.

    `patient` takes another pruner as `wrapped_pruner`, by name or as a mapping with `name` and
    options; `percentile` defaults to 25.

    Raises:
        UnknownName: no such pruner or option.
        RequestError: an invalid or missing option.
        MissingLibrary: the pruner needs a library that is not installed.

    >>> create("hyperband", {"min_resource": 1})
    <optuna.pruners._hyperband.HyperbandPruner object at ...>
    """
    name = name or "none"
    if name not in NAMES:
        raise UnknownName(no_such("pruner", name, NAMES))
    if name in _NEEDS_SCIPY:
        require(f"the pruner {name}", "crosstune[optuna]", "scipy")
    arguments: dict[str, Any] = {"percentile": 25.0} if name == "percentile" else {}
    arguments.update(options or {})
    accepted = list(inspect.signature(NAMES[name]).parameters) if name != "none" else []
    for option in arguments:
        if option not in accepted:
            raise UnknownName(no_such(f"option of the pruner {name}", option, accepted))
    if name == "patient":
        arguments["wrapped_pruner"] = _wrapped(arguments.get("wrapped_pruner"))
    try:
        return NAMES[name](**arguments)
    except (TypeError, ValueError, RequestError) as error:
        raise RequestError(f"the pruner {name} cannot be made: {error}") from error


def as_pruner(pruner: pruners.BasePruner | str | Mapping[str, Any] | None) -> pruners.BasePruner:
    """A pruner from a pruner, a name, or a mapping; None disables pruning.

    Raises:
        RequestError: another type, or no such name or option.
    """
    match pruner:
        case pruners.BasePruner():
            return pruner
        case None | str():
            return create(pruner)
        case Mapping() if isinstance(pruner.get("name"), str):
            options = {key: value for key, value in pruner.items() if key != "name"}
            return create(pruner["name"], options)
    raise RequestError(
        f"a pruner is an Optuna pruner, a name, or a mapping with a name, not {pruner!r}"
    )


def rebuilt(record: Mapping[str, Any] | None) -> pruners.BasePruner | None:
    """The pruner in the record of a study; None if it cannot be made from that.

    Only the pruners of `NAMES` are made, so nothing is imported.

    Raises:
        RequestError: an invalid option, or a missing library.

    >>> rebuilt({"name": "median", "options": {}})
    <optuna.pruners._median.MedianPruner object at ...>
    >>> rebuilt({"class": "tests.Mine", "parameters": {}}) is None
    True
    """
    match record:
        case None:
            return create(None)
        case {"name": str(name), "options": {**options}}:
            wrapped = options.get("wrapped_pruner")
            if name not in NAMES or (isinstance(wrapped, Mapping) and "name" not in wrapped):
                return None
            return create(name, {str(option): value for option, value in options.items()})
    return None


def _wrapped(pruner: Any) -> pruners.BasePruner | None:
    """The pruner inside `patient`; with None, patience alone decides.

    Raises:
        RequestError: neither a pruner, nor a name, nor a mapping with a name.
    """
    match pruner:
        case None | pruners.BasePruner():
            return pruner
        case str():
            return create(pruner)
        case {"name": str(name), **options}:
            return create(name, {str(option): value for option, value in options.items()})
    raise RequestError(f"wrapped_pruner has to be the name of a pruner, not {pruner!r}")
