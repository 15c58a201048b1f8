"""What a function or class of the user depends on, for a digest of it."""

from __future__ import annotations

import dis
import functools
import inspect
import re
import sys
from collections.abc import Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

_CONSTANTS = (bool, int, float, complex, str, bytes, tuple, frozenset, np.generic, np.ndarray)
_CONTAINERS = (list, set, dict)
_CHANGING = {
    *("add", "append", "clear", "discard", "extend", "insert"),
    *("pop", "popitem", "remove", "setdefault", "sort", "update"),
}
"""Methods that change a list, a set or a dict."""


def is_library(module: str | None, file: str | None) -> bool:
    """True for code of Python, of an installed package or of crosstune: its name identifies it."""
    top = (module or "").partition(".")[0]
    if top in sys.stdlib_module_names or top == "crosstune":
        return True
    return re.search(r"[\\/](site|dist)-packages[\\/]", file or "") is not None


def is_library_class(kind: type) -> bool:
    """True for a class of Python, of an installed package or of crosstune."""
    return is_library(kind.__module__, _file_of(kind.__module__))


def members(kind: type) -> Iterator[tuple[str, Any]]:
    """The functions of a class, and the constants that none of them assigns, by name."""
    assigned = {
        name
        for member in vars(kind).values()
        if isinstance(member, FunctionType)
        for name in _attributes_assigned(member.__code__)
    }
    for name, member in sorted(vars(kind).items()):
        match member:
            case FunctionType():
                yield name, member
            case staticmethod() | classmethod():
                yield name, member.__func__
            case property():
                yield name, (member.fget, member.fset)
            case functools.cached_property():
                yield name, member.func
            case _ if isinstance(member, _CONSTANTS) and not name.startswith("__"):
                if name not in assigned:
                    yield name, member


def globals_of(function: FunctionType) -> Iterator[tuple[str, Any]]:
    """What a function, or one inside it, reads of its module, by name.

    - Functions and classes of the user, also through a module of the user's.
    - Upper-case names, and other names of constants that the function does not assign.
    - Lists, sets and dicts that it seems not to change.
    """
    names, assigned, changes = _names(function.__code__)
    yield from _read_of(function.__globals__, "", names - assigned, changes)


def _read_of(
    held: dict[str, Any], above: str, names: set[str], changes: bool
) -> Iterator[tuple[str, Any]]:
    for name in sorted(names & held.keys()):
        value = held[name]
        if isinstance(value, ModuleType):
            if not above and not is_library(value.__name__, getattr(value, "__file__", None)):
                yield from _read_of(vars(value), f"{name}.", names, changes)
        elif name.isupper() or _counts(value, changes):
            yield above + name, value


def _counts(value: Any, changes: bool) -> bool:
    value = inspect.unwrap(value) if callable(value) else value
    if isinstance(value, FunctionType):
        return not is_library(value.__module__, value.__code__.co_filename)
    if isinstance(value, type):
        return not is_library_class(value)
    return isinstance(value, _CONSTANTS) or (isinstance(value, _CONTAINERS) and not changes)


def _names(code: CodeType) -> tuple[set[str], set[str], bool]:
    """The names that code uses and those that it assigns, and whether it changes containers."""
    used, assigned = set(code.co_names), set()
    changes = not used.isdisjoint(_CHANGING)
    for each in dis.get_instructions(code):
        if each.opname in ("STORE_GLOBAL", "DELETE_GLOBAL"):
            assigned.add(each.argval)
        changes = changes or each.opname in ("STORE_SUBSCR", "DELETE_SUBSCR")
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            more, also, changes_too = _names(inner)
            used, assigned, changes = used | more, assigned | also, changes or changes_too
    return used, assigned, changes


def _attributes_assigned(code: CodeType) -> set[str]:
    """The attributes, of whatever object, that code assigns."""
    assigned = {each.argval for each in dis.get_instructions(code) if each.opname == "STORE_ATTR"}
    inner = (const for const in code.co_consts if isinstance(const, CodeType))
    return assigned.union(*map(_attributes_assigned, inner))


def _file_of(module: str) -> str | None:
    if module == "__main__":  # of a program that may run a script or a notebook
        return None
    return getattr(sys.modules.get(module), "__file__", None)
