"""TensorBoard for any study on any engine, without TensorFlow and torch.

    import optuna
    from crosstune.callbacks import TensorBoardCallback

    study = optuna.create_study()
    study.optimize(objective, n_trials=50, callbacks=[TensorBoardCallback("logs")])

Then ``tensorboard --logdir logs``.
"""

from __future__ import annotations

import logging
import os
import threading
import time
import weakref
from collections.abc import Iterable
from functools import partial
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from optuna.study import Study
from optuna.trial import FrozenTrial

from crosstune import _optuna
from crosstune.errors import RequestError, described
from crosstune.study.storage import describe
from crosstune.system.extras import needing
from crosstune.system.files import regular
from crosstune.system.scalars import plain_arguments

if TYPE_CHECKING:
    from crosstune.callbacks.tensorboard.study_log import StudyLog

IDLE = 60.0
"""Seconds without a running trial after which watching stops, until the next trial."""

_logger = logging.getLogger("crosstune")


class TensorBoardCallback:
    """Logs the trials of the studies that it is called with, while they run.

    A thread looks for new reports, so `trial.report` does not become slower. One callback may
    serve several studies, threads and processes. A resumed study continues its log.

    If the log cannot be written, as on a full disk, one warning is logged, the study continues, and
    the log is written later. The study stores the trials, not the callback: `log` writes all of a
    finished one.

    Args:
        log_dir: TensorBoard's ``--logdir``. It may contain other studies.
        study: a study to watch from now on. Without it, reports of the first trial appear when that
            trial has ended.
        metric: name of the objective, or names of several objectives. None for the names in the log
            or the study, or "value".
        name: the folder in `log_dir`, for a callback that serves one study. None for the study's
            name, and under it the engine's for a study of crosstune.
        every: seconds between two looks at the running trials, above 0.

    Raises:
        MissingLibrary: tensorboard is not installed.
        RequestError: the directory cannot be written, or an argument is invalid.

    >>> import optuna, tempfile
    >>> study = optuna.create_study()
    >>> with TensorBoardCallback(tempfile.mkdtemp(), study) as callback:
    ...     study.optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=3, callbacks=[callback])
    """

    @plain_arguments()
    def __init__(
        self,
        log_dir: str | os.PathLike[str],
        study: Study | None = None,
        *,
        metric: str | Iterable[str] | None = None,
        name: str | None = None,
        every: float = 1.0,
    ):
        if not every > 0:
            raise RequestError(f"every has to be above 0 seconds, not {every!r}")
        self._study_log = _library()
        self._root = _writable(log_dir)
        self._metrics = _metric_names(metric)
        self._name = _checked_name(name)
        self._every = every
        self._warned: set[str] = set()
        self._begin_anew()
        if study is not None:
            self.attach(study)

    def _begin_anew(self) -> None:
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._logs: dict[tuple[object, int], StudyLog] = {}
        self._stop = threading.Event()
        self._watcher: threading.Thread | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        again = partial(
            TensorBoardCallback, metric=self._metrics, name=self._name, every=self._every
        )
        return again, (self._root,)

    def attach(self, study: Study) -> None:
        """Log the trials of a study so far, and watch it from now on."""
        if self._process != os.getpid():  # a fork has no threads, and its locks may be locked
            self._begin_anew()
        with self._lock:
            key = _optuna.identity(study)
            if key not in self._logs:
                self._check_metrics(study)
                self._logs[key] = self._study_log(
                    self._root, study, metrics=self._metrics, name=self._name
                )
            log = self._logs[key]
        self._sync(log)
        self._watch()

    def __call__(self, study: Study, trial: FrozenTrial) -> None:
        """Log a study when one of its trials has ended."""
        self.attach(study)

    def __enter__(self) -> TensorBoardCallback:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Complete the logs, and stop watching."""
        self._stop.set()
        watcher = self._watcher
        if watcher is not None and self._process == os.getpid():
            watcher.join()
        self._look()

    def _look(self) -> bool:
        """Bring every log up to date, and return whether a trial is running."""
        running = [self._sync(log) for log in list(self._logs.values())]
        return any(running)

    def _sync(self, log: StudyLog) -> bool:
        with self._lock:
            try:
                return log.sync(time.time())
            except OSError as error:
                self._warn(f"{error.filename or self._root}: {error.strerror or error}")
            except Exception as error:  # of the storage or Optuna; training must continue
                self._warn(described(error))
            return True

    def _warn(self, reason: str) -> None:
        if reason not in self._warned:
            self._warned.add(reason)
            _logger.warning(
                "the TensorBoard log cannot be written (%s). The study continues; missing events "
                "are written when that is possible, or by `crosstune tensorboard`",
                reason,
            )

    def _check_metrics(self, study: Study) -> None:
        names = self._metrics
        if names is not None and len(names) != len(study.directions):
            raise RequestError(
                f"the study {study.study_name!r} has {len(study.directions)} objectives, and "
                f"metric names {len(names)}: {', '.join(names)}"
            )

    def _watch(self) -> None:
        with self._lock:
            if self._watcher is not None and self._watcher.is_alive():
                return
            self._stop.clear()
            self._watcher = threading.Thread(
                target=_watch,
                args=(weakref.ref(self), self._stop, self._every),
                name="crosstune-tensorboard",
                daemon=True,
            )
            self._watcher.start()


def log(
    study: Study,
    log_dir: str | os.PathLike[str],
    *,
    metric: str | Iterable[str] | None = None,
    name: str | None = None,
) -> Path | None:
    """Log a study as it is now, and return the folder of its log; None if no trial has begun.

    An existing log is continued.

    Args:
        study, log_dir, metric, name: as in `TensorBoardCallback`.

    Raises:
        MissingLibrary: tensorboard is not installed.
        RequestError: the directory cannot be written.
    """
    make = _library()
    made = make(_writable(log_dir), study, metrics=_metric_names(metric), name=_checked_name(name))
    try:
        made.sync(time.time())
    except OSError as error:
        place = error.filename or log_dir
        raise RequestError(f"{place} cannot be written: {error.strerror or error}") from error
    return made.folder


def _watch(callback: weakref.ref[TensorBoardCallback], stop: threading.Event, every: float) -> None:
    """Look at the running trials until `stop` is set or the callback is deleted."""
    last = time.monotonic()
    while not stop.wait(every):
        live = callback()
        if live is None:
            return
        now = time.monotonic()
        if live._look():
            last = now
        elif now - last > IDLE:
            return
        del live


def _library() -> type[StudyLog]:
    with needing("logging for TensorBoard", "crosstune[tensorboard]", "tensorboard", "google"):
        from crosstune.callbacks.tensorboard.study_log import StudyLog
    return StudyLog


def _writable(log_dir: str | os.PathLike[str]) -> Path:
    path = Path(log_dir).absolute()  # a training function may change the working directory
    if "://" in str(log_dir):
        raise RequestError(f"the log directory has to be a local one, not {describe(log_dir)}")
    try:
        path.mkdir(parents=True, exist_ok=True)
        with open(path / ".crosstune.lock", "ab", opener=regular):
            pass
    except OSError as error:
        raise RequestError(
            f"the log directory {log_dir} cannot be written: {error.strerror or error}"
        ) from error
    return path


def _checked_name(name: str | None) -> str | None:
    if name is None:
        return None
    parts = PurePath(name).parts
    if not parts or PurePath(name).is_absolute() or ".." in parts or parts[0].startswith("_"):
        raise RequestError(
            f"name has to be a folder in the log directory, without .. or a leading _, not {name!r}"
        )
    return name


def _metric_names(metric: str | Iterable[str] | None) -> tuple[str, ...] | None:
    if metric is None or isinstance(metric, str):
        return None if metric is None else (metric,)
    return tuple(metric)
