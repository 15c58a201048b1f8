"""Keras Tuner behind crosstune, and crosstune's samplers inside its tuners."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crosstune.adapters.keras_tuner.adapter import KerasTunerAdapter
    from crosstune.adapters.keras_tuner.inside import Oracle

_HOMES = {
    "KerasTunerAdapter": "crosstune.adapters.keras_tuner.adapter",
    "Oracle": "crosstune.adapters.keras_tuner.inside",
}

__all__ = [
    "KerasTunerAdapter",
    "Oracle",
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
