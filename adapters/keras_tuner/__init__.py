"""Keras Tuner behind crosstune, and crosstune's samplers inside its tuners."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crosstune.system.lazy_names import on_first_use

if TYPE_CHECKING:
    from crosstune.adapters.keras_tuner.adapter import KerasTunerAdapter
    from crosstune.adapters.keras_tuner.inside import Oracle

_HOMES = {
    "KerasTunerAdapter": "crosstune.adapters.keras_tuner.adapter",
    "Oracle": "crosstune.adapters.keras_tuner.inside",
}

__all__ = ["KerasTunerAdapter", "Oracle"]


if not TYPE_CHECKING:  # a checker reads the imports above, and reports a typo
    __getattr__, __dir__ = on_first_use(__name__, _HOMES)
