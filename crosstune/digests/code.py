"""Recognition of the user's code, and the dependencies of a function or class of the user."""

from __future__ import annotations

import dis
import functools
import inspect
import site
import sys
import sysconfig
from collections.abc import Iterator
from functools import cache
from pathlib import Path
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
_NO_WORK = ("CACHE", "EXTENDED_ARG", "NOP", "RESUME")


def is_own(module: str | None, file: str | None) -> bool:
    """False for code of Python, of an installed package or of crosstune.

    Args:
        module: its name; decides if there is no file.
        file: None, or a name such as "<string>", for typed or generated code.
    """
    if file is None or file.startswith("<"):
        top = (module or "").partition(".")[0]
        return top != "crosstune" and top not in sys.stdlib_module_names
    return is_own_file(file)


def is_own_class(kind: type) -> bool:
    """True for a class of the user."""
    name = kind.__module__
    # `__main__` may be a program that runs a script or a notebook.
    module = None if name == "__main__" else sys.modules.get(name)
    return is_own(name, getattr(module, "__file__", None))


@cache
def is_own_file(file: str | None) -> bool:
    """True for a file outside of Python's, installed packages' and crosstune's folders."""
    if file is None or file.startswith("<frozen"):
        return False
    path = Path(file)
    if {"site-packages", "dist-packages"} & set(path.parts):
        return False
    return not any(folder in path.resolve().parents for folder in _libraries())


@cache
def _libraries() -> frozenset[Path]:
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    package = Path(str(sys.modules["crosstune"].__file__)).parent
    folders = [Path(sysconfig.get_path(name)) for name in names]
    folders += [*map(Path, site.getsitepackages()), Path(site.getusersitepackages()), package]
    folders += [path for path in package.iterdir() if path.is_dir()]  # in a checkout they are links
    return frozenset(folder.resolve() for folder in folders)


def members(kind: type) -> Iterator[tuple[str, Any]]:
    """The functions of a class, and the constants that none of them assigns, with their names."""
    assigned = {
        name
        for member in vars(kind).values()
        if isinstance(member, FunctionType)
        for name in arguments_of(member.__code__, "STORE_ATTR")
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
    """The globals that a function, or one inside it, reads, with their names.

    - Functions and classes of the user, also those read from a module of the user.
    - Upper-case names, and other constants that the function does not assign.
    - Lists, sets and dicts that it does not seem to change.
    """
    code = function.__code__
    names = names_of(code)
    assigned = arguments_of(code, "STORE_GLOBAL", "DELETE_GLOBAL")
    items = arguments_of(code, "STORE_SUBSCR", "DELETE_SUBSCR")  # a None for all of them
    changes = bool(items) or not names.isdisjoint(_CHANGING)
    yield from _read_of(function.__globals__, "", names - assigned, changes)


def _read_of(
    namespace: dict[str, Any], above: str, names: set[str], changes: bool
) -> Iterator[tuple[str, Any]]:
    for name in sorted(names & namespace.keys()):
        value = namespace[name]
        if isinstance(value, ModuleType):
            if not above and is_own(value.__name__, getattr(value, "__file__", None)):
                yield from _read_of(vars(value), f"{name}.", names, changes)
        elif name.isupper() or _counts(value, changes):
            yield above + name, value


def _counts(value: Any, changes: bool) -> bool:
    value = inspect.unwrap(value) if callable(value) else value
    if isinstance(value, FunctionType):
        return is_own(value.__module__, value.__code__.co_filename)
    if isinstance(value, type):
        return is_own_class(value)
    return isinstance(value, _CONSTANTS) or (isinstance(value, _CONTAINERS) and not changes)


def instructions(code: CodeType) -> Iterator[str]:
    """One line per instruction of a function and those inside it; comments do not change them."""
    yield f"{code.co_argcount} {code.co_posonlyargcount} {code.co_kwonlyargcount}"
    yield f"{code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]} {code.co_flags & 0xF}"
    for instruction in dis.get_instructions(code):
        if instruction.opname in _NO_WORK:
            continue
        if isinstance(instruction.argval, CodeType):
            yield from instructions(instruction.argval)
        else:
            yield f"{instruction.opname} {_constant(instruction.argval)}"


def _constant(value: object) -> str:
    """The `repr` of a constant, sorted for a set, whose order differs between processes."""
    return repr(sorted(map(repr, value)) if isinstance(value, frozenset) else value)


def nested(code: CodeType) -> Iterator[CodeType]:
    """The code of a function and of the functions inside it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from nested(constant)


def arguments_of(code: CodeType, *operations: str) -> set[Any]:
    """The arguments of some operations, such as IMPORT_NAME, in the code of a function."""
    return {
        instruction.argval
        for part in nested(code)
        for instruction in dis.get_instructions(part)
        if instruction.opname in operations
    }


def names_of(code: CodeType) -> set[str]:
    """Every name of a global, an attribute or an import in a function and those inside it."""
    return {name for part in nested(code) for name in part.co_names}
