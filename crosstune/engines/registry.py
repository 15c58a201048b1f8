"""The engines behind crosstune, one file each, imported on first use.

>>> get("optuna").name
'optuna'
>>> get("optunna")
Traceback (most recent call last):
...
crosstune.errors.UnknownName: no backend 'optunna'. Known: ... Did you mean 'optuna'?
"""

from __future__ import annotations

import importlib
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from crosstune.errors import UnknownName, no_such
from crosstune.system.extras import needing

if TYPE_CHECKING:
    from crosstune.engines.base import Adapter

GROUP = "crosstune.backends"
"""The entry-point group through which other packages add backends."""


@dataclass(frozen=True)
class _BuiltIn:
    target: str
    """module:class."""
    extra: str
    modules: tuple[str, ...]
    """The modules whose absence means that the extra is not installed."""


_BUILT_IN = {
    "optuna": _BuiltIn("crosstune.adapters.optuna.adapter:OptunaAdapter", "optuna", ("optuna",)),
    "hyperopt": _BuiltIn(
        "crosstune.adapters.hyperopt.adapter:HyperoptAdapter", "hyperopt", ("hyperopt",)
    ),
    "keras_tuner": _BuiltIn(
        "crosstune.adapters.keras_tuner.adapter:KerasTunerAdapter",
        "keras-tuner",
        ("keras_tuner", "keras", "six", "sklearn", "scipy", "jax", "torch", "tensorflow"),
    ),
    "crosstune": _BuiltIn(
        "crosstune.adapters.crosstune.adapter:CrosstuneAdapter", "optuna", ("optuna",)
    ),
}


_UNLISTED: dict[str, str] = {}
"""Backends that `get` knows and `names` does not list, each as module:class."""


def register(name: str, target: str) -> None:
    """Make a backend known to this process by its name, without listing it.

    A built-in one, or one of a plug-in, keeps its name.

    Args:
        target: module:class; imported on first use.
    """
    _UNLISTED[name] = target


def unlisted() -> dict[str, str]:
    """The backends that were registered in this process, each as module:class."""
    return dict(_UNLISTED)


def names() -> list[str]:
    """Every backend that can be asked for, installed or not: the built-in ones first."""
    return [*_BUILT_IN, *sorted(set(_plugins()) - set(_BUILT_IN))]


@cache
def get(name: str) -> Adapter:
    """The adapter of a backend.

    Raises:
        UnknownName: there is no such backend.
        MissingLibrary: its library is not installed; the message names the extra.
    """
    if name in _BUILT_IN:
        with library_of(name):
            return _load(_BUILT_IN[name].target)
    plugins = {**_UNLISTED, **_plugins()}
    if name not in plugins:
        raise UnknownName(no_such("backend", name, names()))
    return _load(plugins[name])


def library_of(name: str) -> AbstractContextManager[None]:
    """Turn the failed import of a built-in backend's library into an error that names the extra.

    Raises:
        MissingLibrary: an import inside failed, as one of its modules is not installed.
    """
    built_in = _BUILT_IN[name]
    return needing(f"the {name} backend", f"crosstune[{built_in.extra}]", *built_in.modules)


def _load(target: str) -> Adapter:
    module, _, attribute = target.partition(":")
    adapter: Adapter = getattr(importlib.import_module(module), attribute)()
    return adapter


@cache
def _plugins() -> dict[str, str]:
    return {entry.name: entry.value for entry in entry_points(group=GROUP)}
