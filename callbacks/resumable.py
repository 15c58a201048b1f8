"""Checkpoints of objects that only a pickle holds, for trainings that a scheduler pauses.

Unpickling runs code. So the file is signed with the user's key of this machine, and one with
another signature is not read.
"""

from __future__ import annotations

import logging
import pickle
from functools import partial
from pathlib import Path
from typing import Any

from optuna.trial import BaseTrial, Trial

from crosstune import checkpoints
from crosstune.errors import RequestError
from crosstune.study.trials import budget
from crosstune.system import signed_file

NAME = "estimator.pickle"
_KIND = b"estimator\n"
"""The first bytes of a file, since other files are signed with the same key."""
_logger = logging.getLogger("crosstune")


def restored(trial: BaseTrial, estimator: Any) -> int:
    """Give an estimator the state in which its trial was paused; returns the epochs that it has.

    0 without a scheduler, or without a checkpoint that can be read.

    Args:
        trial: continues another one, perhaps.
        estimator: made alike; is changed.
    """
    if not isinstance(trial, Trial) or budget(trial) is None:
        return 0
    try:
        saved = checkpoints.find(trial)
        if saved is None:
            return 0
        saved.path.chmod(0o600)  # a copy of our own, whose content is what counts
        content = signed_file.read(saved.path)
        if not content.startswith(_KIND):
            raise signed_file.Untrusted("it is no estimator")
        state = pickle.loads(content.removeprefix(_KIND))
    except (RequestError, signed_file.Untrusted, OSError) as error:
        _logger.warning(
            "trial %d is trained from the beginning, since its checkpoint cannot be read: %s",
            trial.number,
            error,
        )
        return 0
    vars(estimator).clear()
    vars(estimator).update(state)
    return saved.step


def stored(trial: BaseTrial, estimator: Any, epochs: int) -> None:
    """Keep the state of an estimator if its trial is paused after these epochs.

    Args:
        trial: running.
        estimator: fitted.
        epochs: that are done.
    """
    planned = budget(trial) if isinstance(trial, Trial) else None
    if planned is None or planned.final or epochs != planned.epochs:
        return
    content = _KIND + pickle.dumps(vars(estimator))
    try:
        checkpoints.save(trial, partial(_write, content=content), step=epochs, name=NAME)
    except (RequestError, signed_file.Untrusted, OSError) as error:
        _logger.warning(
            "trial %d has no checkpoint, and is trained again if it continues: %s",
            trial.number,
            error,
        )


def _write(path: str | Path, *, content: bytes) -> None:
    signed_file.write(Path(path), content)
