"""Digests of an objective, by which a match detects that it has changed.

They are of all that the objective uses in the user's own files: functions, classes, closures,
globals, arguments of a `functools.partial`. Of a library the version counts.
"""

from __future__ import annotations

import builtins
import functools
import importlib
import itertools
import random
import sys
import warnings
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from types import FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from crosstune.benchmarks.match.results import Identity
from crosstune.benchmarks.match.user_modules import (
    is_own_module,
    library_version,
    of_statements,
    place,
)
from crosstune.digests.code import arguments_of, instructions, is_own_file, names_of
from crosstune.digests.values import NotComparable, digest, exact_digest
from crosstune.errors import described

_DYNAMIC = {"__dict__", "eval", "exec", "getattr", "globals", "vars"}
"""Names by which code reaches objects that it does not name."""
_GENERATORS = (random.Random, np.random.Generator, np.random.RandomState)
_METHODS = (FunctionType, staticmethod, classmethod, property)
_MOST = 200
"""Larger containers are treated as data; no functions are searched in them."""


def identify(parts: Mapping[str, Any]) -> Identity:
    """The digests of an objective.

    Args:
        parts: by name, the functions, objects and data to start from.
    """
    walk = _IdentityWalk()
    for name, value in parts.items():
        walk.value(name, value)
    return Identity(dict(sorted(walk.parts.items())), dict(sorted(walk.unseen.items())))


class _IdentityWalk:
    """Collects digests by label, and the reasons for parts without one."""

    def __init__(self) -> None:
        self.parts: dict[str, str] = {}
        self.unseen: dict[str, str] = {}
        self._met: dict[int, Any] = {}  # holds the objects, so that no id is reused
        self._whole: set[str] = set()

    def value(self, label: str, value: Any) -> None:
        """Add any object; the label is used if it has no name of its own."""
        try:
            if not isinstance(value, ModuleType) and not self._is_met(value):
                self._dispatch(label, value)
        except Exception as error:  # an odd object may raise anything when it is inspected
            self.unseen[label] = f"looking at it raised {described(error)}"

    def _dispatch(self, label: str, value: Any) -> None:
        match value:
            case functools.partial():
                self.value(label, value.func)
                for i, argument in enumerate(value.args):
                    self.value(f"argument {i + 1} of {label}", argument)
                self._values(f"argument {{}} of {label}", value.keywords)
            case MethodType():
                self.value(label, value.__func__)
                self.value(f"the object of {label}", value.__self__)
            case FunctionType():
                self._function(value)
            case staticmethod() | classmethod():
                self.value(label, value.__func__)
            case property():
                for function in filter(None, (value.fget, value.fset)):
                    self.value(label, function)
            case functools.cached_property():
                self.value(label, value.func)
            case type():
                self._class(value)
            case _ if callable(getattr(value, "__wrapped__", None)):
                self.value(label, value.__wrapped__)
            case list() | tuple() | set() | frozenset() | dict() if _holds_code(value):
                members = value if isinstance(value, dict) else dict(enumerate(value))
                self._values(f"{label}[{{}}]", members)
            case _ if is_own_module(type(value).__module__) and hasattr(value, "__dict__"):
                self._class(type(value))
                self._values(f"attribute {{}} of {label}", vars(value))
            case _ if callable(value) and hasattr(value, "__qualname__"):
                self._compiled(value)
            case _:
                self._data(label, value)

    def _is_met(self, value: Any) -> bool:
        if isinstance(value, FunctionType | type | ModuleType) or hasattr(value, "__dict__"):
            if id(value) in self._met:
                return True
            self._met[id(value)] = value
        return False

    def _values(self, label: str, values: Mapping[Any, Any]) -> None:
        for name, value in values.items():
            self.value(label.format(name), value)

    def _data(self, label: str, value: Any) -> None:
        if isinstance(value, _GENERATORS):
            self.unseen[label] = "a random generator changes with every draw"
            return
        inside: list[Any] = []
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self._add(label, exact_digest(value, inside))
        except NotComparable as why:
            self.unseen[label] = str(why)
        for item in inside:
            self.value(label, item)

    def _add(self, label: str, made: str) -> None:
        """Add a digest; parts with the same name, such as lambdas, are numbered in order."""
        free = (f"{label} ({n})" if n > 1 else label for n in itertools.count(1))
        self.parts[next(candidate for candidate in free if candidate not in self.parts)] = made[:16]

    def _compiled(self, value: Any) -> None:
        module = str(getattr(value, "__module__", None) or builtins.__name__)
        self._library(module)
        of_python = module.partition(".")[0] in sys.stdlib_module_names
        if not of_python and library_version(module) is None:
            self.unseen[f"{module}.{value.__qualname__}"] = "it has no Python code"

    def _library(self, module: str) -> None:
        library = library_version(module)
        if library is not None:
            self.parts[f"the version of {library[0]}"] = library[1]

    def _function(self, function: FunctionType) -> None:
        if not is_own_file(function.__code__.co_filename):
            self._library(function.__module__ or "")
            return
        module = function.__module__ or ""
        label = f"{place(module)}.{function.__qualname__}".lstrip(".")
        self._add(label, digest(list(instructions(function.__code__))))
        for i, default in enumerate(function.__defaults__ or (), 1):
            self.value(f"default {i} of {label}", default)
        self._values(f"default {{}} of {label}", function.__kwdefaults__ or {})
        self._values(f"attribute {{}} of {label}", vars(function))
        for name, cell in zip(
            function.__code__.co_freevars, function.__closure__ or (), strict=True
        ):
            with suppress(ValueError):  # it is not bound yet
                bound = cell.cell_contents
                self.value(f"{name}, which {label} uses", bound)
        names = names_of(function.__code__)
        for name in sorted(names & function.__globals__.keys()):
            self._named(f"{place(module)}.{name}".lstrip("."), function.__globals__[name], names)
        package = function.__globals__.get("__package__") or ""
        for name in sorted(arguments_of(function.__code__, "IMPORT_NAME")):
            self._imported(package, name, names)
        if module != "__main__" and module in sys.modules:
            self._statements(sys.modules[module])

    def _named(self, label: str, value: Any, names: Iterable[str]) -> None:
        """Add a global that a function uses; of a module, the names that the function uses."""
        if not isinstance(value, ModuleType):
            self.value(label, value)
            return
        if not is_own_module(value.__name__):
            self._library(value.__name__)
            return
        whole = bool(_DYNAMIC & set(names)) and value.__name__ not in self._whole
        if whole:
            self._whole.add(value.__name__)
        wanted = set(vars(value)) if whole else set(names)
        for name in sorted(wanted & vars(value).keys()):
            member = vars(value)[name]
            if not name.startswith("__") and member is not value:
                self._named(f"{value.__name__}.{name}", member, set(names) - {name})
        self._statements(value)

    def _imported(self, package: str, name: str, names: Iterable[str]) -> None:
        """Add a module that a function imports when it runs."""
        for full in (f"{package}.{name}".strip("."), name):
            below = (f"{full}.{member}" for member in names)
            for module in (full, *(submodule for submodule in below if submodule in sys.modules)):
                if module and is_own_module(module):
                    try:
                        self._named(module, importlib.import_module(module), names)
                    except Exception as error:  # raised by the user's module
                        self.unseen[module] = f"it does not import: {error}"

    def _statements(self, module: ModuleType) -> None:
        if self._is_met(module):
            return
        made = of_statements(module)
        if made is not None:
            self._add(f"{module.__name__} (what it does when it is imported)", digest(made))

    def _class(self, of: type) -> None:
        if not is_own_module(of.__module__):
            self._library(of.__module__)
            return
        label = f"{place(of.__module__)}.{of.__qualname__}".lstrip(".")
        if label in self.parts:
            return
        self._add(label, digest([base.__qualname__ for base in of.__mro__]))
        for base in of.__bases__:
            self._class(base)
        for name, member in vars(of).items():
            # Such names, other than methods, are entries that Python itself adds to a class.
            internal = name.startswith(("__", "_abc_")) and not isinstance(member, _METHODS)
            if not internal and not name.startswith("__annotat"):
                self.value(f"{label}.{name}", member)


def _holds_code(value: Any) -> bool:
    """True for a small container that may have a function, a class or an object of the user."""
    if len(value) > _MOST:
        return False
    inside = value.values() if isinstance(value, dict) else value
    return any(
        isinstance(item, Callable | functools.partial)  # type: ignore[arg-type]
        or (isinstance(item, list | tuple | set | frozenset | dict) and _holds_code(item))
        or is_own_module(type(item).__module__)
        for item in inside
    )
