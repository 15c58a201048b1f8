"""The errors of a run, as `tune` documents them."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from optuna.study import Study

from crosstune import _optuna
from crosstune.checkpoints.stores import StoreFailed
from crosstune.errors import RunError
from crosstune.objectives import TrialFailed
from crosstune.resume import Differs, differing, stopped
from crosstune.study.storage import file_of

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)
_NOT_ALLOWED = (errno.EACCES, errno.EPERM)


class Interrupted(BaseException):
    """Ctrl-C in a trial. Optuna would fail a trial that raises KeyboardInterrupt; it stays open."""


@contextmanager
def raising(study: Study) -> Iterator[None]:
    """Raise the errors of a run as `tune` documents them."""
    try:
        yield
    except Interrupted:
        stopped(study)
        raise KeyboardInterrupt from None
    except UnboundLocalError as error:
        # Optuna raises this if Ctrl-C comes while it tells the end of a trial.
        if isinstance(error.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from None
        raise
    except Differs as differs:
        raise differing(study, differs) from None
    except (AssertionError, OSError, RunError) as error:
        # If the storage cannot write the end of a trial either, an assertion of Optuna fails.
        failure = _storage_failure(error, file_of(_optuna.identity(study)[0]))
        if failure is None:
            raise
        raise RunError(
            f"the study cannot be written: {failure.strerror}. What is finished is kept"
        ) from error


def _storage_failure(error: BaseException, file: Path | None) -> OSError | None:
    """The full disk, or the like, that caused an error outside of the objective.

    Args:
        error: to look for its cause.
        file: of the study. A missing permission counts for this file only.
    """
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, StoreFailed | TrialFailed):
        if isinstance(cause, OSError):
            refused = cause.errno in _NOT_ALLOWED and str(cause.filename) == str(file)
            if refused or cause.errno in _NO_ROOM:
                return cause
        cause = cause.__cause__ or cause.__context__
    return None
