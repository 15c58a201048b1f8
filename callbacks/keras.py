"""Pruning in a Keras 3 training loop, on any Keras backend."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from optuna.trial import BaseTrial

from crosstune.callbacks.fold import check_fold
from crosstune.callbacks.report import Divergence, PruningCallback, check
from crosstune.errors import RequestError
from crosstune.system.extras import needing
from crosstune.system.scalars import plain_arguments

with needing(
    "KerasPruningCallback", "crosstune[keras-tuner]", "keras", "jax", "torch", "tensorflow"
):
    import keras

__all__ = ["KerasPruningCallback", "keras"]


class KerasPruningCallback(keras.callbacks.Callback):  # type: ignore[misc]  # untyped
    """Reports a metric after each epoch, and ends a trial that is pruned.

    See `PruningCallback` for the treatment of metric and epochs. In the search of a Keras Tuner,
    which has no Optuna trial, use `KerasTunerPruningCallback`.

    Args:
        trial: the trial to report to.
        monitor: the metric in Keras's logs, such as ``val_loss``.
        divergence, fold: as in `PruningCallback`.
        epochs: of a fold; None for the `epochs` of `model.fit`.

    Raises:
        Unsupported: the study has several objectives.
        RequestError: an argument is invalid.

    >>> callback = KerasPruningCallback(optuna.create_study().ask(), "val_loss")
    """

    @plain_arguments()
    def __init__(
        self,
        trial: BaseTrial,
        monitor: str = "val_loss",
        *,
        divergence: Divergence = "prune",
        fold: int | None = None,
        epochs: int | None = None,
    ):
        super().__init__()
        if hasattr(trial, "oracle") or hasattr(trial, "hyperparameters"):  # a tuner, or its trial
            raise RequestError(
                "KerasPruningCallback needs an optuna.Trial. In the search of a Keras Tuner, use "
                "KerasTunerPruningCallback(tuner)"
            )
        check(trial, monitor, divergence)
        check_fold(fold, epochs)
        self._fold, self._epochs = fold, epochs
        self._make = partial(PruningCallback, trial, monitor, divergence=divergence, fold=fold)
        self._prune: PruningCallback | None = None

    def __deepcopy__(self, memo: dict[int, Any]) -> KerasPruningCallback:
        # Keras Tuner trains with copies of its callbacks, and a trial cannot be copied.
        return self

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Report, and ask the study's pruner.

        Raises:
            optuna.TrialPruned: the pruner stops the trial, or the metric diverged.
            TrainingDiverged: the metric diverged, and `divergence` is "fail".
            ObjectiveError: the metric is not among the logged ones, which the message lists.
        """
        if self._prune is None:  # not earlier, since Keras sets the number of epochs in `fit`
            epochs = self._epochs
            if self._fold is not None and epochs is None:
                epochs = (self.params or {}).get("epochs")
            self._prune = self._make(epochs=epochs)
        self._prune(epoch, logs)
