"""Callbacks for studies and training loops; each file imports only its own library."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crosstune.system.lazy_names import on_first_use

if TYPE_CHECKING:
    from crosstune.adapters.keras_tuner.pruning import KerasTunerPruningCallback
    from crosstune.callbacks.keras import KerasPruningCallback
    from crosstune.callbacks.lightning import LightningPruningCallback
    from crosstune.callbacks.progress import ProgressBar
    from crosstune.callbacks.report import PruningCallback, TrainingDiverged
    from crosstune.callbacks.sklearn import partial_fit_with_pruning
    from crosstune.callbacks.tensorboard.callback import TensorBoardCallback
    from crosstune.callbacks.torch import TorchPruningCallback

_HOMES = {
    "KerasPruningCallback": "crosstune.callbacks.keras",
    "KerasTunerPruningCallback": "crosstune.adapters.keras_tuner.pruning",
    "LightningPruningCallback": "crosstune.callbacks.lightning",
    "ProgressBar": "crosstune.callbacks.progress",
    "PruningCallback": "crosstune.callbacks.report",
    "TensorBoardCallback": "crosstune.callbacks.tensorboard.callback",
    "TorchPruningCallback": "crosstune.callbacks.torch",
    "TrainingDiverged": "crosstune.callbacks.report",
    "partial_fit_with_pruning": "crosstune.callbacks.sklearn",
}

__all__ = [
    "KerasPruningCallback",
    "KerasTunerPruningCallback",
    "LightningPruningCallback",
    "ProgressBar",
    "PruningCallback",
    "TensorBoardCallback",
    "TorchPruningCallback",
    "TrainingDiverged",
    "partial_fit_with_pruning",
]


if not TYPE_CHECKING:  # a checker reads the imports above, and reports a typo
    __getattr__, __dir__ = on_first_use(__name__, _HOMES)
