"""Optuna samplers: the engines of other libraries, and our own algorithms.

Each drops into any Optuna study:

    study = optuna.create_study(sampler=crosstune.samplers.HyperoptSampler())
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crosstune.samplers.engine import EngineSampler, SpaceExhausted
    from crosstune.samplers.gaussian_process import GaussianProcessSampler
    from crosstune.samplers.grid import GridSampler
    from crosstune.samplers.hyperopt import HyperoptSampler
    from crosstune.samplers.keras_tuner import KerasTunerSampler

_HOMES = {
    "EngineSampler": "crosstune.samplers.engine",
    "GaussianProcessSampler": "crosstune.samplers.gaussian_process",
    "GridSampler": "crosstune.samplers.grid",
    "HyperoptSampler": "crosstune.samplers.hyperopt",
    "KerasTunerSampler": "crosstune.samplers.keras_tuner",
    "SpaceExhausted": "crosstune.samplers.engine",
}
__all__ = [
    "EngineSampler",
    "GaussianProcessSampler",
    "GridSampler",
    "HyperoptSampler",
    "KerasTunerSampler",
    "SpaceExhausted",
]


if not TYPE_CHECKING:  # a checker reads the imports above, and reports a typo

    def __getattr__(name: str) -> object:
        """Import a sampler on first use, since some engines take seconds to import."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        import importlib

        return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
