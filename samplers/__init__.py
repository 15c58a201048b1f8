"""Optuna samplers: the engines of other libraries, and our own algorithms.

Each drops into any Optuna study:

    study = optuna.create_study(sampler=crosstune.samplers.HyperoptSampler())
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crosstune.system.lazy_names import on_first_use

if TYPE_CHECKING:
    from crosstune.samplers.declared import SpaceExhausted
    from crosstune.samplers.engine import EngineSampler
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
    "SpaceExhausted": "crosstune.samplers.declared",
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
    __getattr__, __dir__ = on_first_use(__name__, _HOMES)
