"""Callbacks for studies and training loops; each file imports only the library that it serves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from crosstune.callbacks.keras import KerasPruningCallback
    from crosstune.callbacks.tensorboard import TensorBoardCallback

_HOMES = {
    "KerasPruningCallback": "crosstune.callbacks.keras",
    "TensorBoardCallback": "crosstune.callbacks.tensorboard",
}

__all__ = ["KerasPruningCallback", "TensorBoardCallback"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
