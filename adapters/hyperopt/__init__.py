"""Hyperopt behind crosstune, and crosstune's samplers inside `fmin`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crosstune.adapters.hyperopt.adapter import HyperoptAdapter, HyperoptEngine
    from crosstune.adapters.hyperopt.inside import suggest

_HOMES = {
    "HyperoptAdapter": "crosstune.adapters.hyperopt.adapter",
    "HyperoptEngine": "crosstune.adapters.hyperopt.adapter",
    "suggest": "crosstune.adapters.hyperopt.inside",
}

__all__ = [
    "HyperoptAdapter",
    "HyperoptEngine",
    "suggest",
]


if not TYPE_CHECKING:  # a checker reads the imports above, and reports a typo

    def __getattr__(name: str) -> object:
        """Import a name on first use, and the library with it."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        import importlib

        return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
