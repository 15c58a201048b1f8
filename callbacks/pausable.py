"""A training that a scheduler pauses: restored where it was paused, and kept where it pauses again.

Each callback uses it with the state of its own library. A checkpoint of another name is the
objective's own, and left alone.
"""

from __future__ import annotations

import logging
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any
from weakref import WeakSet

from optuna.trial import BaseTrial, Trial

from crosstune import checkpoints
from crosstune.checkpoints.content import Content
from crosstune.checkpoints.record import read
from crosstune.checkpoints.stores import Store, home
from crosstune.engines.base import Budget
from crosstune.errors import RequestError
from crosstune.study.trials import budget
from crosstune.system import signed_file

_logger = logging.getLogger("crosstune")
_homeless: WeakSet[Any] = WeakSet()
"""Studies for which the warning that nothing is kept was already logged."""


class PausableTraining:
    """What one trial does of a training.

    Without a scheduler it is all of it: nothing is restored and nothing is kept.

    Args:
        trial: running.
        name: of the checkpoint's file, which tells whose it is.
        store: as in `crosstune.checkpoints.find`.

    Attributes:
        done: the epochs that the restored state has; 0 for a training from the beginning.
    """

    def __init__(self, trial: BaseTrial | None, name: str, store: Store | None = None):
        self._trial, self._name, self._store = trial, name, store
        self.done = 0

    @property
    def budget(self) -> Budget | None:
        """The trial's budget; None without a scheduler."""
        return budget(self._trial) if isinstance(self._trial, Trial) else None

    @property
    def end(self) -> int | None:
        """The epoch at which the trial ends; None if the objective decides.

        At least one more than are done, so that there is a value to report: a trial that was killed
        between its checkpoint and its end finds that.
        """
        planned = self.budget
        return None if planned is None else max(planned.epochs, self.done + 1)

    def restore(self, load: Callable[[Path], object]) -> int:
        """Load the state in which the training was paused; returns `done`.

        Args:
            load: reads the file of the checkpoint into what is trained.
        """
        trial = self._trial
        if not isinstance(trial, Trial) or self.budget is None:
            return 0
        try:
            saved = checkpoints.find(trial, name=self._name, store=self._store)
            if saved is not None:
                load(saved.path)
                self.done = saved.step
        except RequestError:  # nothing says where: no trial could keep a checkpoint
            return 0
        except (pickle.UnpicklingError, signed_file.Untrusted, OSError) as error:
            _logger.warning(
                "trial %d is trained from the beginning, since its checkpoint cannot be read: %s",
                trial.number,
                error,
            )
        return self.done

    def pauses_at(self, epochs: int) -> bool:
        """Whether another trial may continue the training after so many epochs."""
        planned, end = self.budget, self.end
        if planned is None or end is None or epochs < end:
            return False
        return planned.max_epochs is None or epochs < planned.max_epochs

    def keep(self, content: Content, epochs: int) -> None:
        """Store the state of the training as the trial's checkpoint.

        Args:
            content: as in `crosstune.checkpoints.save`.
            epochs: that are done.
        """
        trial = self._trial
        if not isinstance(trial, Trial):
            return
        if any(entry.name != self._name for entry in read(trial).entries):
            return
        try:
            checkpoints.save(trial, content, step=epochs, name=self._name, store=self._store)
        except (RequestError, signed_file.Untrusted, OSError) as error:
            if home(trial) not in _homeless:
                _homeless.add(home(trial))
                _logger.warning(
                    "trial %d has no checkpoint, so it is trained again if it continues: %s",
                    trial.number,
                    error,
                )
