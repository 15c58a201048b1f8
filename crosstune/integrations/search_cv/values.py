"""Lists of values for a parameter: any Python objects, which a study holds by name."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from crosstune.errors import SpecError
from crosstune.space.parameters import Choice, Scalar
from crosstune.space.parameters.base import shown
from crosstune.system.scalars import plain

LONGEST_NAME = 60


class Values:
    """The values of a list, and the choice by which a study holds them.

    Numbers, strings, truth values and None stand in the study as they are; if any other object
    is among them, all are held by name, such as ``SVC(C=10)``. What is in the list twice is one
    value with twice the odds.

    Args:
        given: a list, tuple, range or one-dimensional array.
        name: in messages.

    Raises:
        SpecError: it is no such list, or empty.
    """

    def __init__(self, given: Any, name: str):
        objects = _listed(given, name)
        scalars = [plain(value) for value in objects]
        if all(_is_scalar(value) for value in scalars):
            held: list[Scalar] = scalars
        else:
            held = _names(objects)
        odds = Counter((type(value), value) for value in held)
        self._objects = dict(zip(reversed(list(map(_key, held))), reversed(objects), strict=True))
        by_name = held is not scalars
        self.content = dict(zip(held, objects, strict=True)) if by_name else None
        """The objects by name; None where the study holds the values themselves."""
        unique = [value for _, value in odds]
        weights = None
        if len(set(odds.values())) > 1:
            weights = [count / len(held) for count in odds.values()]
        try:
            self.parameter = Choice(unique, weights=weights)
        except SpecError as error:
            raise error.under(name) from None
        self._position = {key: i for i, key in enumerate(odds)}

    def __call__(self, held: Scalar) -> Any:
        """The object behind what a study holds."""
        return self._objects[_key(held)]

    def __len__(self) -> int:
        return len(self._position)

    def position(self, held: Scalar) -> int:
        """Where it stands in the list."""
        return self._position[_key(held)]


def _listed(given: Any, name: str) -> list[Any]:
    if isinstance(given, np.ndarray):
        if given.ndim != 1:
            raise SpecError(f"an array with {given.ndim} dimensions is no list of values", (name,))
        given = list(given)
    if isinstance(given, str | bytes) or not isinstance(given, Sequence):
        raise SpecError(
            f"a list of values is needed, even for a single one, not {shown(given)}", (name,)
        )
    if not given:
        raise SpecError("the list of values is empty", (name,))
    return list(given)


def _is_scalar(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, bool | int | str)


def _key(value: Any) -> tuple[type, Any]:
    return type(value), value


def _names(objects: list[Any]) -> list[Scalar]:
    """A name for each; the same object has the same one, and no two objects share it."""
    names: dict[int, str] = {}
    for value in objects:
        if id(value) in names:
            continue
        name = name_once = _name(value)
        number = 1
        while name in names.values():
            number += 1
            name = f"{name_once} #{number}"
        names[id(value)] = name
    return [names[id(value)] for value in objects]


def _name(value: Any) -> str:
    """How a value is written in a study: without an address, which no second run would have."""
    text = getattr(value, "__qualname__", None) or repr(value)
    text = re.sub(r" at 0x[0-9a-fA-F]+", "", " ".join(str(text).split()))
    return text if len(text) <= LONGEST_NAME else f"{text[: LONGEST_NAME - 3]}..."
