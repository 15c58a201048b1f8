"""Pruning in a Keras 3 training loop, on any Keras backend."""

from __future__ import annotations

from collections.abc import Mapping
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

    What is done with the metric and the epochs is told at `PruningCallback`. In the search of a
    Keras Tuner, which has no Optuna trial, `KerasTunerPruningCallback` does this.

    Args:
        trial: the trial that is trained.
        monitor: the metric in Keras's logs, such as ``val_loss``.
        divergence, fold: as in `PruningCallback`.
        epochs: of a fold; None is the `epochs` of `model.fit`.

    Raises:
        Unsupported: the study has several objectives.
        RequestError: there is no such trial or choice.

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
        self._trial, self._monitor, self._divergence = trial, monitor, divergence
        self._fold, self._epochs = fold, epochs
        self._prune: PruningCallback | None = None

    def __deepcopy__(self, memo: dict[int, Any]) -> KerasPruningCallback:
        # Keras Tuner trains with copies of its callbacks, and a trial cannot be copied.
        return self

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Report, and ask the study's pruner.

        Raises:
            optuna.TrialPruned: the pruner gives the trial up, or the metric diverged.
            TrainingDiverged: the metric diverged, and that was to be a failure.
            ObjectiveError: the metric is not among those that are logged, which are listed.
        """
        if self._prune is None:  # not sooner: only now Keras has said how many epochs there are
            epochs = self._epochs
            if self._fold is not None and epochs is None:
                epochs = (self.params or {}).get("epochs")
            self._prune = PruningCallback(
                self._trial,
                self._monitor,
                divergence=self._divergence,
                fold=self._fold,
                epochs=epochs,
            )
        self._prune(epoch, logs)
