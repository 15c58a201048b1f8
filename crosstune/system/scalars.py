"""Conversion of numpy scalars to Python's, which JSON, storages and the engines accept.

`plain` is called at the entry points of crosstune (`plain_arguments`, `Spec`, parameters,
samplers), so internal code never gets a numpy scalar.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from itertools import zip_longest
from typing import Any, ParamSpec, TypeVar

import numpy as np

P = ParamSpec("P")
R = TypeVar("R")

_PYTHON: dict[str, Callable[[Any], Any]] = {"b": bool, "i": int, "u": int, "f": float, "U": str}
"""Python's type for each kind of numpy scalar; others, such as dates, are not converted."""

PLAIN = (str, int, float, bool, type(None))
"""Types whose values are plain; most are of these, so they are told before `plain` is called."""


def plain(value: Any) -> Any:
    """Convert numpy scalars to Python's, also in dictionaries and their keys, lists and tuples.

    A scalar is of a numpy integer, floating, `bool_` or `str_` type, or a zero-dimensional array of
    those. A value without numpy scalars is returned unchanged, as the same object.

    >>> plain({"seed": np.int64(1), "values": [np.float32(0.5), np.str_("a"), np.array(True)]})
    {'seed': 1, 'values': [0.5, 'a', True]}
    """
    match value:
        case np.generic():
            convert = _PYTHON.get(value.dtype.kind)
            return value if convert is None else convert(value)
        case np.ndarray() if value.ndim == 0:
            item = value.item() if value.dtype.kind == "O" else value[()]
            return plain(item)
        case dict():
            entries = {
                key if type(key) in PLAIN else plain(key): (
                    item if type(item) in PLAIN else plain(item)
                )
                for key, item in value.items()
            }
            same = all(a is b for a, b in zip(value, entries, strict=True)) and all(
                value[key] is item for key, item in entries.items()
            )
            return value if same else entries
        case list() | tuple() if type(value) in (list, tuple):
            items = [item if type(item) in PLAIN else plain(item) for item in value]
            same = all(a is b for a, b in zip(value, items, strict=True))
            return value if same else type(value)(items)
    return value


def plain_arguments(*as_they_are: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A decorator that makes every argument `plain` before the function is called.

    Args:
        as_they_are: arguments that are passed unchanged: data, or ones that are converted later.

    >>> plain_arguments("data")(lambda n, data: [n, data])(np.int64(3), data=np.float32(0.5))
    [3, np.float32(0.5)]
    """

    def decorated(function: Callable[P, R]) -> Callable[P, R]:
        names = tuple(inspect.signature(function).parameters)

        @functools.wraps(function)
        def called(*args: P.args, **kwargs: P.kwargs) -> R:
            positional = [
                argument if type(argument) in PLAIN or name in as_they_are else plain(argument)
                for name, argument in zip_longest(names[: len(args)], args)
            ]
            named = {
                name: argument
                if type(argument) in PLAIN or name in as_they_are
                else plain(argument)
                for name, argument in kwargs.items()
            }
            return function(*positional, **named)  # type: ignore[arg-type]

        return called

    return decorated
