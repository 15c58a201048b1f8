"""The registry of engines: one row per engine, whose targets are imported on first use.

The built-in rows are a table; other packages add theirs by entry points. Only this module looks
engines up, so built-in engines and those of other packages are treated alike. Reading rows imports
nothing of an engine; `get` and `imported` do.

>>> get("optuna").name
'optuna'
>>> get("optunna")
Traceback (most recent call last):
...
crosstune.errors.UnknownName: no backend 'optunna'. Known: ... Did you mean 'optuna'?
"""

from __future__ import annotations

import importlib
import logging
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

from crosstune.engines.built_in import BUILT_IN
from crosstune.engines.row import Dialect, EngineRow, Format
from crosstune.errors import UnknownName, message_of, no_such
from crosstune.system.extras import needing

if TYPE_CHECKING:
    from crosstune.engines.base import Adapter

GROUP = "crosstune.backends"
"""The entry-point group through which other packages add backends, each as ``module:class``."""

ROWS = "crosstune.rows"
"""The entry-point group for the `EngineRow` of such a backend, under the backend's name."""

HOST = "optuna"
"""The backend whose library stores every study, and whose samplers run on a study itself."""

_logger = logging.getLogger("crosstune")

_UNLISTED: dict[str, str] = {}
"""Backends that `get` finds and `names` does not list, each as module:class."""


def register(name: str, target: str) -> None:
    """Register a backend in this process, without listing it.

    A built-in backend or a plug-in of the same name takes precedence.

    Args:
        name: of the backend.
        target: module:class; imported on first use.
    """
    _UNLISTED[name] = target


def unlisted() -> dict[str, str]:
    """The backends that were registered in this process, each as module:class."""
    return dict(_UNLISTED)


def names() -> list[str]:
    """The names of all listed backends, installed or not, the built-in ones first."""
    return list(_rows())


@cache
def get(name: str) -> Adapter:
    """The adapter of a backend.

    Raises:
        UnknownName: there is no such backend.
        MissingLibrary: its library is not installed; the message names the extra.
    """
    row = find(name)
    with library_of(name):
        adapter: Adapter = imported(row.adapter)()
    return adapter


def find(name: str) -> EngineRow:
    """The row of a backend.

    Raises:
        UnknownName: there is no such backend.
    """
    if name in _rows():
        return _rows()[name]
    if name in _UNLISTED:
        return EngineRow(name, _UNLISTED[name])
    raise UnknownName(no_such("backend", name, names()))


def rows() -> Sequence[EngineRow]:
    """Every row, the built-in ones first."""
    return tuple(_rows().values())


def dialects() -> Mapping[str, Dialect]:
    """The dialects of objectives that belong to an engine, by name."""
    return {dialect.name: dialect for row in reversed(rows()) for dialect in row.dialects}


def formats() -> Mapping[str, tuple[EngineRow, Format]]:
    """The formats of files that belong to an engine, by name, each with the engine's row."""
    return {format.name: (row, format) for row in reversed(rows()) for format in row.formats}


def reads_space(native: object) -> EngineRow | None:
    """The row of the engine whose library declares spaces by objects of this type."""
    for row in rows():
        module, _, name = row.space_type.partition(":")
        kind = getattr(sys.modules.get(module), name, None) if module else None
        if isinstance(kind, type) and isinstance(native, kind):
            return row
    return None


def imported(target: str) -> Any:
    """The object that a target ``module:name`` names."""
    module, _, name = target.partition(":")
    return getattr(importlib.import_module(module), name)


def library_of(name: str) -> AbstractContextManager[None]:
    """Turn the failed import of a backend's library into an error that names the extra.

    It has no effect for an engine of another package, which installs its own library.

    Raises:
        MissingLibrary: an import inside failed because a module is not installed.
    """
    row = find(name)
    modules = (*row.libraries, *row.parts) if row.extra else ()
    return needing(f"the {name} backend", f"crosstune[{row.extra}]", *modules)


@cache
def _rows() -> Mapping[str, EngineRow]:
    adapters = {entry.name: entry.value for entry in entry_points(group=GROUP)}
    described = {entry.name: entry.value for entry in entry_points(group=ROWS)}
    made = dict(BUILT_IN)
    for name in sorted(set(adapters) - set(BUILT_IN)):
        made[name] = _described(name, described.get(name)) or EngineRow(name, adapters[name])
    return made


def _described(name: str, target: str | None) -> EngineRow | None:
    """The row of another package; None if it has no usable one."""
    if target is None:
        return None
    try:
        row = imported(target)
        if not isinstance(row, EngineRow) or row.name != name:
            raise TypeError(f"{target} is {row!r}")
    except Exception as error:  # of the other package; its backend works without
        _logger.warning("the row of the engine %r cannot be used: %s", name, message_of(error))
        return None
    return row
