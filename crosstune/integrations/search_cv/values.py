"""Lists of values for a parameter: any Python objects, which a study stores by name."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from crosstune.digests.values import digest
from crosstune.errors import SpecError
from crosstune.space.parameters import Choice, Scalar
from crosstune.space.parameters.base import shown
from crosstune.space.parameters.checks import is_number
from crosstune.system.scalars import plain

LONGEST_NAME = 60


class Values:
    """The values of a list, and the choice that represents them in a study.

    Numbers, strings, booleans and None are stored as they are. If the list has any other object,
    all values are stored by name, such as ``SVC(C=10)``. A repeated value is one value with as
    many times the probability.

    Args:
        values: a list, tuple, range or one-dimensional array.
        name: the parameter's name, for messages.

    Raises:
        SpecError: `values` is no such list, or empty.
    """

    def __init__(self, values: Any, name: str):
        objects = _listed(values, name)
        scalars = [plain(value) for value in objects]
        if all(_is_scalar(value) for value in scalars):
            stored: list[Scalar] = scalars
        else:
            stored = _names(objects)
        odds = Counter((type(value), value) for value in stored)
        self._objects = dict(zip(reversed(list(map(_key, stored))), reversed(objects), strict=True))
        by_name = stored is not scalars
        self.content = dict(zip(stored, objects, strict=True)) if by_name else None
        """The objects by name; None if the study stores the values themselves."""
        unique = [value for _, value in odds]
        weights = None
        if len(set(odds.values())) > 1:
            weights = [count / len(stored) for count in odds.values()]
        try:
            self.parameter = Choice(unique, weights=weights)
        except SpecError as error:
            raise error.under(name) from None
        self._position = {key: i for i, key in enumerate(odds)}

    def __call__(self, stored: Scalar) -> Any:
        """The object behind a stored value."""
        return self._objects[_key(stored)]

    def encode(self, value: Any) -> Scalar:
        """The stored value of an object: that of the same one, or of an equal one of its type.

        Raises:
            SpecError: it is not in the list.
        """
        for (_, stored), listed in self._objects.items():
            if listed is value or _is_equal(plain(listed), plain(value)):
                name: Scalar = stored
                return name
        raise SpecError(f"{shown(value)} is not in the list of values")

    def __len__(self) -> int:
        return len(self._position)

    def position(self, stored: Scalar) -> int:
        """The index of a stored value among the unique values."""
        return self._position[_key(stored)]


def _listed(values: Any, name: str) -> list[Any]:
    if isinstance(values, np.ndarray):
        if values.ndim != 1:
            raise SpecError(f"an array with {values.ndim} dimensions is no list of values", (name,))
        values = list(values)
    if isinstance(values, str | bytes) or not isinstance(values, Sequence):
        raise SpecError(
            f"a list of values is needed, even for a single one, not {shown(values)}", (name,)
        )
    if not values:
        raise SpecError("the list of values is empty", (name,))
    return list(values)


def _is_scalar(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, bool | int | str)


def _key(value: Any) -> tuple[type, Any]:
    return type(value), value


def _is_equal(a: Any, b: Any) -> bool:
    """True if two objects are of one type and equal; numbers may be of two types."""
    numbers = is_number(a) and is_number(b)
    if type(a) is not type(b) and not numbers:
        return False
    if hasattr(a, "get_params"):  # an estimator has no equality of its own
        return digest(a) == digest(b)
    try:
        return bool(a == b)
    except Exception:  # of the object's own method, such as that of an array
        return False


def _names(objects: list[Any]) -> list[Scalar]:
    """The name of each object. Different objects have different names."""
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
    """The text of a value, without an address, which would differ in the next run."""
    text = getattr(value, "__qualname__", None) or repr(value)
    text = re.sub(r" at 0x[0-9a-fA-F]+", "", " ".join(str(text).split()))
    return text if len(text) <= LONGEST_NAME else f"{text[: LONGEST_NAME - 3]}..."
