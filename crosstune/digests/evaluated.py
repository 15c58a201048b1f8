"""What the values of a study depend on beside its params: data, splits, scorers and estimator.

A study that is resumed with another of these would compare values of different things. So the
study holds a digest of each, and the same are asked for when it is resumed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, TypeAlias

from crosstune.digests.values import SPEED, digest, shown

Evaluated: TypeAlias = Mapping[str, list[str]]
"""By its name in messages: the digest of a part, and a few words on it. JSON can hold it."""

ESTIMATOR = "estimator"


def part(value: Any, words: str | None = None, *, apart: Collection[Any] = ()) -> list[str]:
    """The digest of a part, and `words` on it, by default the beginning of its `repr`."""
    return [digest(value, apart=apart), shown(value) if words is None else words]


def of_data(x: Any, y: Any, fit_params: Mapping[str, Any]) -> dict[str, list[str]]:
    """The parts that a fit is called with; parameters that are None count as not given."""
    more = {f"fit parameter {name!r}": value for name, value in sorted(fit_params.items())}
    given = {"X": x, "y": y, **more}
    return {name: part(value) for name, value in given.items() if value is not None}


def of_splits(folds: Iterable[Any], splitter: Any) -> dict[str, list[str]]:
    """The indices of training and test parts."""
    words = shown(splitter, 100)
    if getattr(splitter, "shuffle", False) and getattr(splitter, "random_state", 0) is None:
        words += ", which splits anew at every fit: give it a random_state"
    return {"splits": part(list(folds), words)}


def of_estimator(estimator: Any, searched: Collection[str]) -> dict[str, list[str]]:
    """The class, and each parameter that is not searched; those that change no result are left out.

    Args:
        estimator: has scikit-learn's `get_params`.
        searched: the parameters that every point of the space sets.
    """
    found = {ESTIMATOR: part(type(estimator))}
    parameters = estimator.get_params(deep=True)
    parts = [value for value in parameters.values() if hasattr(value, "get_params")]
    for name, value in sorted(parameters.items()):
        steps = name.split("__")
        above = {"__".join(steps[:depth]) for depth in range(1, len(steps) + 1)}
        if not above & set(searched) and steps[-1] not in SPEED:
            whole = type(value) if any(value is each for each in parts) else value
            found[f"parameter {name!r} of the estimator"] = part(whole, shown(value), apart=parts)
    return found
