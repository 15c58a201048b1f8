"""numpy's scalars as Python's own, which JSON, storages and the libraries take.

`plain` converts; it is called at the doors of crosstune (`plain_arguments`, `Spec`, parameters,
samplers), so nothing behind them meets a scalar of numpy.
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
"""What numpy's kinds of scalars are in Python; others, such as dates, have no such form here."""

PLAIN = (str, int, float, bool, type(None))
"""Types whose values are plain; most are of these, so they are told before `plain` is called."""


def plain(value: Any) -> Any:
    """The value with numpy's scalars in it as Python's.

    Dictionaries, their keys too, lists and tuples are gone through. A scalar is of a numpy integer,
    floating, `bool_` or `str_` type, or an array of those without dimensions. What holds none is
    returned as it is, the same object.

    >>> plain({"seed": np.int64(1), "values": [np.float32(0.5), np.str_("a"), np.array(True)]})
    {'seed': 1, 'values': [0.5, 'a', True]}
    """
    match value:
        case np.generic():
            convert = _PYTHON.get(value.dtype.kind)
            return value if convert is None else convert(value)
        case np.ndarray() if value.ndim == 0:
            held = value.item() if value.dtype.kind == "O" else value[()]
            return plain(held)
        case dict():
            entries = {
                key if type(key) in PLAIN else plain(key): (
                    held if type(held) in PLAIN else plain(held)
                )
                for key, held in value.items()
            }
            same = all(a is b for a, b in zip(value, entries, strict=True)) and all(
                value[key] is held for key, held in entries.items()
            )
            return value if same else entries
        case list() | tuple() if type(value) in (list, tuple):
            items = [held if type(held) in PLAIN else plain(held) for held in value]
            same = all(a is b for a, b in zip(value, items, strict=True))
            return value if same else type(value)(items)
    return value


def plain_arguments(*as_they_are: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A decorator: every argument is made `plain` before the function is called.

    Args:
        as_they_are: arguments that are handed on untouched: data, or what converts by itself.

    >>> plain_arguments("data")(lambda n, data: [n, data])(np.int64(3), data=np.float32(0.5))
    [3, np.float32(0.5)]
    """

    def decorated(function: Callable[P, R]) -> Callable[P, R]:
        names = tuple(inspect.signature(function).parameters)

        @functools.wraps(function)
        def called(*args: P.args, **kwargs: P.kwargs) -> R:
            positional = [
                held if type(held) in PLAIN or name in as_they_are else plain(held)
                for name, held in zip_longest(names[: len(args)], args)
            ]
            named = {
                name: held if type(held) in PLAIN or name in as_they_are else plain(held)
                for name, held in kwargs.items()
            }
            return function(*positional, **named)  # type: ignore[arg-type]

        return called

    return decorated
