"""A digest of data."""

from __future__ import annotations

import io
import pickle
import random
import warnings
from types import FunctionType
from typing import Any

import numpy as np

_GENERATORS = (random.Random, np.random.Generator, np.random.RandomState)


_PLAIN = (bool, int, float, complex, str, bytes, type(None), np.ndarray, np.generic)


class NotComparable(Exception):
    """A value of which no digest can be made; says why."""


def of_value(value: Any) -> str:
    """The digest of a value: an array or a table by its content, an object by its attributes.

    Raises:
        NotComparable: it cannot be compared, with the reason.
    """
    if isinstance(value, _GENERATORS):
        raise NotComparable("a random generator changes with every draw")
    import joblib

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return str(joblib.hash(value))[:16]
    except Exception as error:  # whatever the pickling of an object raises
        raise NotComparable(f"{type(value).__name__} cannot be pickled") from error


def code_in(value: Any) -> list[Any]:
    """The functions and classes to which an object refers, in whatever depth."""
    if isinstance(value, _PLAIN):
        return []
    finder = _Finder()
    try:
        finder.dump(value)
    except Exception:  # whatever the pickling of an object raises
        return finder.found
    return finder.found


class _Nowhere(io.RawIOBase):
    def write(self, content: Any) -> int:
        return len(content)


class _Finder(pickle.Pickler):
    """Visits all that a pickle would hold, and keeps nothing of it."""

    def __init__(self) -> None:
        super().__init__(_Nowhere(), protocol=5, buffer_callback=lambda _: None)
        self.found: list[Any] = []

    def persistent_id(self, obj: Any) -> str | None:
        """Stop at functions and classes."""
        if not isinstance(obj, FunctionType | type):
            return None
        self.found.append(obj)
        return obj.__qualname__
