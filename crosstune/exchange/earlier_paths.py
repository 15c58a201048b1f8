"""Documented module paths that have moved, which can be imported for one more release."""

from __future__ import annotations

import importlib
import sys
import warnings
from types import ModuleType


class _MovedModule(ModuleType):
    """A module that takes its names from another one, with a warning.

    Args:
        former: its dotted path.
        target: the dotted path of the module to use instead.
    """

    def __init__(self, former: str, target: str):
        super().__init__(former)
        self._target = target

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        value = getattr(importlib.import_module(self._target), name)
        message = f"{self.__name__} has moved: import {name} from {self._target}"
        warnings.warn(message, DeprecationWarning, stacklevel=2)
        return value


to_hyperopt = _MovedModule(
    "crosstune.exchange.to_hyperopt", "crosstune.adapters.hyperopt.exporting"
)
sys.modules[to_hyperopt.__name__] = to_hyperopt
