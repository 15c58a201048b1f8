"""Digests of Python objects by their content: the same in every process and on every machine.

- An array, a list of numbers, a sparse matrix: its shape and values, whatever the type's width.
- A data frame or series: its columns, index and values.
- An estimator: its class and parameters, except those that change no result (`SPEED`).
- A function of the user: its code, defaults and closure, and the functions, classes and constants
  of the user's modules that it reads.
- A class of the user: its functions and constants, and those of its bases.
- A class or function of a library: its name.
- Any other object: its pickled class and state.

An exact digest also depends on types, widths and the state of estimators, and on functions and
classes only by their names.

The code of a function is its source without comments. For a lambda or a function without source it
is the instructions, which differ between versions of Python.
"""

from __future__ import annotations

import ast
import copyreg
import inspect
import sys
import textwrap
from collections.abc import Collection, Iterable
from contextlib import suppress
from hashlib import blake2b
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

import numpy as np

from crosstune.digests.code import globals_of, instructions, is_own, is_own_class, members

SPEED = frozenset({"n_jobs", "verbose", "memory"})
"""Parameters of estimators that affect the duration of a fit and not its result."""

_LEAVES = (bool, int, float, complex, str, bytes)
_NUMBERS = (bool, int, float, np.generic)
_EXACT = 2.0**53
"""From here on, a float cannot represent every integer."""


def digest(value: Any, *, apart: Collection[Any] = ()) -> str:
    """32 hexadecimal digits.

    Args:
        value: any object.
        apart: objects within it to ignore.

    >>> digest([1.0, 2.0]) == digest(np.array([1.0, 2.0], "f4"))
    True
    """
    return digest_each([value], apart=apart)[0]


def digest_each(values: Iterable[Any], *, apart: Collection[Any] = ()) -> list[str]:
    """The digest of each value.

    Args:
        values: any objects.
        apart: objects within them to ignore.
    """
    ignored = {id(item) for item in apart}
    return [_DigestWalk(ignored).digest(value) for value in values]


class NotComparable(Exception):
    """A value that has no exact digest, with the reason."""


def exact_digest(value: Any, code: list[Any]) -> str:
    """32 hexadecimal digits of an exact digest.

    Args:
        value: any object.
        code: the functions and classes in it are appended to this list.

    Raises:
        NotComparable: the object, or one within it, cannot be pickled.
    """
    return _DigestWalk(set(), code).digest(value)


class _DigestWalk:
    """Feeds an object to a hash part by part, each after a tag and its length.

    Args:
        apart: ids of objects to ignore.
        code: the list for functions and classes of an exact digest; None for a normal digest.
    """

    def __init__(self, apart: set[int], code: list[Any] | None = None):
        self.hash = blake2b(digest_size=16)
        self._apart = apart
        self._code_inside = code
        self._exact = code is not None
        self._open: set[int] = set()
        self._met: dict[int, tuple[int, Any]] = {}
        """Functions and classes with the order in which they were met, since many may be shared."""

    def digest(self, value: Any) -> str:
        """The digest of an object and its contents."""
        self.feed(value)
        return self.hash.hexdigest()

    def feed(self, value: Any) -> None:
        """Feed an object and its contents to the hash."""
        if self._exact and type(value) not in _LEAVES:
            self._leaf("type", _name(type(value)))
        if isinstance(value, np.generic) and value.dtype.kind in "biufcSU":
            value = value.item()
        if value is None or type(value) in _LEAVES:
            self._leaf(type(value).__name__, repr(value))
        elif id(value) in self._apart:
            self._leaf("apart")
        elif id(value) in self._open:
            self._leaf("cycle")
        elif id(value) in self._met:
            self._leaf("met", str(self._met[id(value)][0]))
        elif self._code_inside is not None and isinstance(value, FunctionType | type):
            self._code_inside.append(value)
            self._leaf("code", _name(value))
        else:
            if isinstance(value, FunctionType | type):
                self._met[id(value)] = len(self._met), value
            self._open.add(id(value))
            self._feed(value)
            self._open.discard(id(value))

    def _feed(self, value: Any) -> None:
        kind = type(value)
        if isinstance(value, np.ndarray):
            self._array(value)
        elif kind in (list, tuple):
            self._sequence(value)
        elif kind is dict:
            keys = sorted(value, key=repr)
            self._many("dict", [part for key in keys for part in (key, value[key])])
        elif kind in (set, frozenset):
            self._leaf(
                "set", *sorted(_DigestWalk(self._apart, self._code_inside).digest(v) for v in value)
            )
        elif isinstance(value, type):
            self._class(value)
        elif isinstance(value, FunctionType):
            self._function(value)
        elif isinstance(value, MethodType):
            self._many("method", [value.__self__, value.__func__])
        elif callable(value) and isinstance(getattr(value, "__wrapped__", None), FunctionType):
            self._many("wrapped", [value.__wrapped__])  # as by functools.lru_cache
        elif isinstance(value, BuiltinFunctionType | np.ufunc):
            self._leaf("builtin", _name(value))
        elif is_sparse(value):
            self._sparse(value)
        elif hasattr(value, "iloc"):
            self._frame(value)
        elif self._exact:
            self._object(value)
        elif hasattr(value, "__array__"):
            self._many("array", [list(getattr(value, "columns", [])), np.asarray(value)])
        elif hasattr(value, "get_params"):
            parameters = value.get_params(deep=False)
            self._leaf("estimator", _name(kind))
            self.feed(kind)
            self.feed(
                {name: parameter for name, parameter in parameters.items() if name not in SPEED}
            )
        else:
            self._object(value)

    def _leaf(self, tag: str, *parts: str | bytes | memoryview) -> None:
        self.hash.update(f"{tag} {len(parts)}\n".encode())
        for part in parts:
            raw = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
            self.hash.update(f"{len(raw)}\n".encode())
            self.hash.update(raw)

    def _many(self, tag: str, parts: Iterable[Any]) -> None:
        parts = list(parts)
        self._leaf(f"{tag} of {len(parts)}")
        for part in parts:
            self.feed(part)

    def _array(self, value: Any) -> None:
        if isinstance(value, np.ma.MaskedArray):
            self._many("masked", [value.filled(0), np.ma.getmaskarray(value)])
            return
        if value.dtype.kind in "OSU":
            listed = value.tolist()
            self._sequence(listed) if value.ndim else self.feed(listed)
            return
        if value.dtype.hasobject:
            self._sequence(value.tolist())
            return
        widest = {"i": "<i8", "u": "<i8" if value.dtype.itemsize < 8 else "<u8", "f": "<f8"}
        kind = value.dtype.newbyteorder("<")
        kind = kind if self._exact else widest.get(kind.kind, kind)
        plain = np.ascontiguousarray(value, kind)
        named = repr(plain.dtype.descr)
        self._leaf("numbers", named, repr(value.shape), plain.reshape(-1).view(np.uint8).data)

    def _sequence(self, value: Any) -> None:
        if value and all(type(item) is str for item in value):
            lengths = repr([len(item) for item in value])
            self._leaf("texts", lengths, "".join(value))
            return
        if all(isinstance(item, (*_NUMBERS, list, tuple, np.ndarray)) for item in value):
            with suppress(ValueError, OverflowError):
                array = np.asarray(value)
                whole = array.dtype.kind != "f" or not (np.abs(array) >= _EXACT).any()
                if array.dtype.kind in "biuf" and whole:
                    self._array(array)
                    return
        self._many("sequence", value)

    def _sparse(self, value: Any) -> None:
        rows = value.tocsr().copy()
        rows.sum_duplicates()
        self._many("sparse", [rows.shape, rows.data, rows.indices, rows.indptr])

    def _frame(self, value: Any) -> None:
        columns = [value.iloc[:, i] for i in range(value.shape[1])] if value.ndim == 2 else [value]
        self._leaf("frame", str(value.ndim))
        self.feed([str(getattr(column, "name", None)) for column in columns])
        self.feed(np.asarray(value.index))
        for column in columns:
            if self._exact:
                self._leaf("dtype", str(column.dtype))
            categories = getattr(column.dtype, "categories", None)
            if categories is not None:
                self._many("categories", [np.asarray(categories), bool(column.dtype.ordered)])
            self.feed(column.to_numpy())

    def _function(self, function: FunctionType) -> None:
        if not is_own(function.__module__, function.__code__.co_filename):
            self._leaf("function", _name(function))
            if hasattr(function, "__wrapped__"):  # such as a method that scikit-learn wraps
                self.feed(function.__wrapped__)
            return
        self._leaf("function", function.__qualname__)
        self._code(function)
        self._many("defaults", [function.__defaults__, function.__kwdefaults__])
        for cell in function.__closure__ or ():
            with suppress(ValueError):  # the cell is empty
                self.feed(cell.cell_contents)
        for name, used in globals_of(function):
            self._leaf("global", name)
            self.feed(used)

    def _class(self, kind: type) -> None:
        self._leaf("class", _name(kind))
        if not is_own_class(kind):
            return
        self._many("bases", kind.__bases__)
        for name, member in members(kind):
            self._leaf("member", name)
            self.feed(member)

    def _code(self, function: FunctionType) -> None:
        if function.__name__ != "<lambda>":
            with suppress(OSError, TypeError, SyntaxError):
                source = textwrap.dedent(inspect.getsource(function))
                self._leaf("source", ast.unparse(ast.parse(source)))
                return
        self._leaf("instructions", *instructions(function.__code__))

    def _object(self, value: Any) -> None:
        try:
            reduce = copyreg.dispatch_table.get(type(value))
            reduced = reduce(value) if reduce else value.__reduce_ex__(4)
        except Exception as error:
            if self._exact:
                raise NotComparable(f"{type(value).__name__} cannot be pickled") from error
            self._leaf("object", _name(type(value)))
            self.feed(type(value))
            self.feed(dict(getattr(value, "__dict__", {})))
            return
        if isinstance(reduced, str):
            self._leaf("named", _name(type(value)), reduced)
            return
        make, arguments, state, items, pairs = (*reduced, *[None] * 5)[:5]
        self._leaf("object", _name(type(value)))
        self._many("state", [make, arguments, state, list(items or ()), list(pairs or ())])


def _name(value: Any) -> str:
    """The name of a class or function, with its module unless it is in the script."""
    module = getattr(value, "__module__", None)
    name = getattr(value, "__qualname__", None) or getattr(value, "__name__", None)
    name = str(name or type(value).__name__)
    return name if module in (None, "__main__") else f"{module}.{name}"


def is_sparse(value: Any) -> bool:
    """Whether a value is a sparse matrix of scipy, which is not imported for it."""
    module = sys.modules.get("scipy.sparse")
    return module is not None and bool(module.issparse(value))
