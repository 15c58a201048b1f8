"""Pruning in a Keras 3 training loop, on any Keras backend."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import optuna

from crosstune.errors import ObjectiveError, no_such


class KerasPruningCallback(keras.callbacks.Callback):  # type: ignore[misc]  # untyped
    """Reports a metric after each epoch, and ends a trial that is pruned.

    Args:
        trial: the trial that is trained.
        monitor: the metric, such as ``val_loss``.

    >>> callback = KerasPruningCallback(optuna.create_study().ask(), "val_loss")
    """

    def __init__(self, trial: optuna.Trial, monitor: str = "val_loss"):
        super().__init__()
        self._trial = trial
        self._monitor = monitor

    def __deepcopy__(self, memo: dict[int, Any]) -> KerasPruningCallback:
        # Keras Tuner trains with copies of its callbacks, and a trial cannot be copied.
        return self

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Report, and ask the study's pruner.

        Raises:
            ObjectiveError: the metric is not among those that are logged, which are listed.
            optuna.TrialPruned: the pruner gives the trial up.
        """
        logs = logs or {}
        if self._monitor not in logs:
            raise ObjectiveError(no_such("metric in the logs", self._monitor, logs))
        self._trial.report(float(logs[self._monitor]), epoch)
        if self._trial.should_prune():
            raise optuna.TrialPruned(f"after epoch {epoch}")
