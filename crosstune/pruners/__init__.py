"""Pruners by name: Optuna's and ours. They decide for every engine, as every study is Optuna's."""

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
    """A pruner by name; None is no pruning.

    `patient` takes another as `wrapped_pruner`, by name or as a mapping with `name` and options;
    `percentile` defaults to 25.

    Raises:
        UnknownName: no such pruner or option.
        RequestError: an option that the pruner refuses, or one missing.
        MissingLibrary: it needs a library that is not installed.

    >>> create("hyperband", {"min_resource": 1})
    <optuna.pruners._hyperband.HyperbandPruner object at ...>
    """
    name = name or "none"
    if name not in NAMES:
        raise UnknownName(no_such("pruner", name, NAMES))
    if name in _NEEDS_SCIPY:
        require(f"the pruner {name}", "crosstune[optuna]", "scipy")
    given: dict[str, Any] = {"percentile": 25.0} if name == "percentile" else {}
    given.update(options or {})
    known = list(inspect.signature(NAMES[name]).parameters) if name != "none" else []
    for option in given:
        if option not in known:
            raise UnknownName(no_such(f"option of the pruner {name}", option, known))
    if name == "patient":
        given["wrapped_pruner"] = _wrapped(given.get("wrapped_pruner"))
    try:
        return NAMES[name](**given)
    except (TypeError, ValueError, RequestError) as error:
        raise RequestError(f"the pruner {name} cannot be made: {error}") from error


def as_pruner(pruner: pruners.BasePruner | str | Mapping[str, Any] | None) -> pruners.BasePruner:
    """A pruner from whatever form the user has it in; None is no pruning.

    Raises:
        RequestError: it is none, or has no such name or option.
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
    """The pruner that the record of a study names; None where it cannot be made from that.

    Nothing is imported for it: only the pruners of `NAMES` are made.

    Raises:
        RequestError: an option that the pruner refuses, or a library that is missing.

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


def _wrapped(given: Any) -> pruners.BasePruner | None:
    """The pruner that `patient` asks; None is none, so that patience alone decides.

    Raises:
        RequestError: it is no pruner, name or mapping with a name.
    """
    match given:
        case None | pruners.BasePruner():
            return given
        case str():
            return create(given)
        case {"name": str(name), **options}:
            return create(name, {str(option): value for option, value in options.items()})
    raise RequestError(f"wrapped_pruner has to be the name of a pruner, not {given!r}")
