"""Digests of what affects a study's values besides its params: data, splits, scorers, estimator.

If one of these changed, a resumed study would compare unlike values. So the study stores a digest
of each, and a resumed run has to match them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any, TypeAlias

from crosstune.digests.values import SPEED, digest, digest_each, is_sparse

Evaluated: TypeAlias = Mapping[str, list[str]]
"""The digest and a short description of each part, by its name in messages. It can be JSON."""

ESTIMATOR = "estimator"


def part(value: Any, words: str | None = None, *, apart: Collection[Any] = ()) -> list[str]:
    """The digest and the description of a part.

    Args:
        value: the part.
        words: the description; None for the beginning of its `repr`.
        apart: objects within it that the digest ignores.
    """
    return [digest(value, apart=apart), shown(value) if words is None else words]


def of_data(x: Any, y: Any, fit_params: Mapping[str, Any]) -> dict[str, list[str]]:
    """The parts that are passed to `fit`.

    Args:
        x: the data.
        y: the targets; None for none.
        fit_params: further arguments by name; those that are None are left out.
    """
    more = {f"fit parameter {name!r}": value for name, value in sorted(fit_params.items())}
    parts = {"X": x, "y": y, **more}
    return {name: part(value) for name, value in parts.items() if value is not None}


def of_splits(folds: Iterable[Any], splitter: Any) -> dict[str, list[str]]:
    """The part for the training and test indices."""
    words = shown(splitter, 100)
    if getattr(splitter, "shuffle", False) and getattr(splitter, "random_state", 0) is None:
        words += ", which splits anew at every fit: give it a random_state"
    return {"splits": part(list(folds), words)}


def of_estimator(estimator: Any, searched: Collection[str]) -> dict[str, list[str]]:
    """The parts for the class and each parameter that is not searched, but for those in `SPEED`.

    Args:
        estimator: has scikit-learn's `get_params`.
        searched: names of the parameters that every point of the space sets.
    """
    wholes: dict[str, Any] = {}
    words: dict[str, str] = {}
    parameters = estimator.get_params(deep=True)
    parts = [value for value in parameters.values() if hasattr(value, "get_params")]
    for name, value in sorted(parameters.items()):
        steps = name.split("__")
        above = {"__".join(steps[:depth]) for depth in range(1, len(steps) + 1)}
        if not above & set(searched) and steps[-1] not in SPEED:
            key = f"parameter {name!r} of the estimator"
            wholes[key] = type(value) if any(value is nested for nested in parts) else value
            words[key] = shown(value)
    digests = digest_each(wholes.values(), apart=parts)
    return {
        ESTIMATOR: part(type(estimator)),
        **{key: [digits, words[key]] for key, digits in zip(wholes, digests, strict=True)},
    }


def shown(value: Any, longest: int = 60) -> str:
    """A short description of an object for a message.

    Args:
        value: any object.
        longest: maximum number of characters of its `repr`.

    >>> import numpy as np
    >>> shown(np.zeros((150, 4)))
    '150 x 4 float64'
    """
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and shape:
        kind = getattr(value, "dtype", None)
        size = " x ".join(map(str, shape))
        return f"{size} {type(value).__name__ if kind is None or is_sparse(value) else kind}"
    if isinstance(value, list | tuple | Mapping) and len(repr(value)) > longest:
        return f"{type(value).__name__} of {len(value)}"
    if callable(value) and hasattr(value, "__qualname__"):
        return str(value.__qualname__)
    text = re.sub(r" at 0x[0-9a-fA-F]+", "", " ".join(repr(value).split()))
    return text if len(text) <= longest else f"{text[: longest - 3]}..."
