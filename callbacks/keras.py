"""Pruning in a Keras 3 training loop, on any Keras backend."""

from __future__ import annotations

import json
import math
import shutil
import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from optuna.trial import BaseTrial

from crosstune.callbacks import randomness
from crosstune.callbacks.fold import check_fold
from crosstune.callbacks.pausable import PausableTraining
from crosstune.callbacks.report import Divergence, PruningCallback, check
from crosstune.checkpoints.stores import Store
from crosstune.errors import RequestError
from crosstune.system.extras import needing
from crosstune.system.scalars import plain_arguments

with needing(
    "KerasPruningCallback", "crosstune[keras-tuner]", "keras", "jax", "torch", "tensorflow"
):
    import keras

__all__ = ["KerasPruningCallback", "keras"]

NAME = "training.keras.zip"
"""The file name of a paused training."""
_RANDOM = "random.json"


class KerasPruningCallback(keras.callbacks.Callback):  # type: ignore[misc]  # untyped
    """Reports a metric after each epoch, and ends a trial that is pruned.

    See `PruningCallback` for the treatment of metric and epochs. In the search of a Keras Tuner,
    which has no Optuna trial, use `KerasTunerPruningCallback`.

    Under a scheduler, `model.fit` ends where the trial is paused, and the state of the training is
    kept: the weights, the optimizer and the shared random generators. The trial that continues it
    finds them, and `fit` goes on at the next epoch. Keras's own `BackupAndRestore` does the work,
    so other callbacks, such as `EarlyStopping`, begin anew.

    Args:
        trial: the trial to report to.
        monitor: the metric in Keras's logs, such as ``val_loss``.
        divergence, fold: as in `PruningCallback`.
        epochs: of a fold; None for the `epochs` of `model.fit`.
        store: of the checkpoint, as in `crosstune.checkpoints.find`.

    Raises:
        Unsupported: the study has several objectives.
        RequestError: an argument is invalid.

    >>> callback = KerasPruningCallback(optuna.create_study().ask(), "val_loss")
    """

    @plain_arguments("store")
    def __init__(
        self,
        trial: BaseTrial,
        monitor: str = "val_loss",
        *,
        divergence: Divergence = "prune",
        fold: int | None = None,
        epochs: int | None = None,
        store: Store | None = None,
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
        self._pausable = PausableTraining(trial if fold is None else None, NAME, store)
        self._begun = False

    def __deepcopy__(self, memo: dict[int, Any]) -> KerasPruningCallback:
        # Keras Tuner trains with copies of its callbacks, and a trial cannot be copied.
        return self

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Restore the state in which the training was paused; once, in the first `fit`."""
        if not self._begun:
            self._begun = True
            self._pausable.restore(self._load)

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
        if self._pausable.pauses_at(epoch + 1):  # before the report, which may end the trial
            self._keep(epoch)
        self._prune(epoch, logs)
        if epoch + 1 >= (self._pausable.end or math.inf):
            self.model.stop_training = True

    def _load(self, path: Path) -> None:
        with tempfile.TemporaryDirectory(prefix="crosstune-") as folder:
            shutil.unpack_archive(path, folder, "zip")
            states = json.loads(Path(folder, _RANDOM).read_text())
            self._backup(folder).on_train_begin()
            randomness.restore(states)

    def _keep(self, epoch: int) -> None:
        with tempfile.TemporaryDirectory(prefix="crosstune-") as folder:
            inside = Path(folder, "training")
            self._backup(inside).on_epoch_end(epoch)
            (inside / _RANDOM).write_text(json.dumps(randomness.state()))
            archive = shutil.make_archive(str(inside), "zip", inside)
            self._pausable.keep(Path(archive), epoch + 1)

    def _backup(self, folder: str | Path) -> Any:
        backup = keras.callbacks.BackupAndRestore(str(folder))
        backup.set_model(self.model)
        return backup
