"""Pruning in PyTorch Lightning, on one device or in the ranks of a distributed run."""

from __future__ import annotations

import math
import os
from functools import partial
from pathlib import Path
from typing import Any

from optuna.trial import BaseTrial

from crosstune.callbacks import randomness
from crosstune.callbacks.fold import check_fold
from crosstune.callbacks.pausable import PausableTraining
from crosstune.callbacks.report import Divergence, check, check_choices
from crosstune.checkpoints.stores import Store
from crosstune.errors import RequestError
from crosstune.system.extras import needing
from crosstune.system.scalars import plain_arguments

with needing("LightningPruningCallback", "lightning", "lightning"):
    import torch
    from lightning.pytorch import LightningModule, Trainer
    from lightning.pytorch.callbacks import Callback

    from crosstune.callbacks.torch import TorchPruningCallback

NAME = "training.ckpt"
"""The file name of a paused training."""


class LightningPruningCallback(Callback):
    """Reports a metric after each epoch, and ends a trial that is pruned.

    The module has to log the metric with ``self.log``. With validation, only the epochs in which it
    ran are reported, with its last logged value, and without the sanity check before training. See
    `PruningCallback` for the treatment of the metric.

    Under a scheduler, ``trainer.fit(module, data, ckpt_path=callback.ckpt_path)`` continues a
    paused training: the callback has Lightning save its checkpoint where the trial is paused, with
    the states of the shared random generators.

    In a distributed run the ranks agree as in `TorchPruningCallback`: start them by ``torchrun``,
    and give the trial to rank 0 and None to the others. Such a training is not continued, but
    trained from the beginning.

    Args:
        trial: the trial to report to; None on every rank but 0.
        monitor, divergence, fold: as in `PruningCallback`.
        epochs: of a fold; None for the trainer's `max_epochs`.
        store: of the checkpoint, as in `crosstune.checkpoints.find`.

    Raises:
        Unsupported: the study has several objectives.
        RequestError: an argument is invalid; from `Trainer.fit`, a trial is missing on rank 0, or
            the ranks were started from the process that has it.

    >>> callback = LightningPruningCallback(optuna.create_study().ask(), "val_loss")
    """

    @plain_arguments("store")
    def __init__(
        self,
        trial: BaseTrial | None,
        monitor: str = "val_loss",
        *,
        divergence: Divergence = "prune",
        fold: int | None = None,
        epochs: int | None = None,
        store: Store | None = None,
    ):
        super().__init__()
        check_fold(fold, epochs)
        if trial is None:
            check_choices(monitor, divergence)
        else:
            check(trial, monitor, divergence)
        self._fold, self._epochs = fold, epochs
        self._make = partial(TorchPruningCallback, trial, monitor, divergence=divergence, fold=fold)
        self._process = os.getpid()
        self._prune: TorchPruningCallback | None = None
        self._validated = False
        self._pausable = PausableTraining(trial if fold is None else None, NAME, store)
        self._continues = False
        self._path: Path | None = None

    @property
    def ckpt_path(self) -> str | None:
        """The checkpoint for `Trainer.fit`; None for a training that begins.

        Once it was asked for, the training is kept where the trial is paused.
        """
        if not self._continues:
            self._continues = True
            self._pausable.restore(self._note)
        return None if self._path is None else str(self._path)

    def _note(self, path: Path) -> None:
        # Raises where a checkpoint is more than values.
        torch.load(path, map_location="cpu", weights_only=True)
        self._path = path

    def state_dict(self) -> dict[str, Any]:
        """The shared random generators, which Lightning's checkpoint stores with the training."""
        return {"random": randomness.state()} if self._continues else {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Set the random generators as they were."""
        if "random" in state_dict:
            randomness.restore(state_dict["random"])

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Connect the callbacks of the ranks, which Lightning calls after it connected the ranks.

        Args:
            trainer, pl_module, stage: from Lightning.

        Raises:
            RequestError: a trial is missing on rank 0, or the ranks were started from the process
                that has it.
        """
        if stage != "fit" or self._prune is not None:
            return
        if os.getpid() != self._process:
            raise RequestError(
                "this strategy starts its processes from the one that holds the trial, whose study "
                "they cannot reach. Start the ranks by torchrun, and use strategy='ddp'"
            )
        epochs = self._epochs
        if self._fold is not None and epochs is None and (trainer.max_epochs or 0) > 0:
            epochs = trainer.max_epochs  # -1 is no limit
        self._prune = self._make(epochs=epochs)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Record that the epoch has validation metrics."""
        self._validated = not trainer.sanity_checking

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Report, and ask the study's pruner.

        Raises:
            optuna.TrialPruned: the pruner stops the trial, or the metric diverged.
            TrainingDiverged: the metric diverged, and `divergence` is "fail".
            ObjectiveError: the metric is not among the logged ones, which the message lists.
        """
        if trainer.enable_validation and not self._validated:
            return
        self._validated = False
        if self._prune is None:
            return
        epoch = trainer.current_epoch
        keeps = self._continues and trainer.world_size == 1
        # Before the report, which may end the trial.
        if keeps and self._pausable.pauses_at(epoch + 1):
            self._pausable.keep(trainer.save_checkpoint, epoch + 1)
        self._prune(epoch, trainer.callback_metrics)
        if epoch + 1 >= (self._pausable.end or math.inf):
            trainer.should_stop = True
