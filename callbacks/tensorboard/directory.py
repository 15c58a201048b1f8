"""A log directory of several studies: its lock, their folders, and the HParams columns."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from optuna.study import Study
from optuna.trial import FrozenTrial

from crosstune.callbacks.tensorboard import hparams
from crosstune.callbacks.tensorboard.event_file import NAME, EventFile
from crosstune.callbacks.tensorboard.event_file import summary as summary_event
from crosstune.engines.record_names import RUNS
from crosstune.system.files import regular

MARK = "crosstune.json"
"""The file in a folder that identifies its study."""

COLUMNS = "_hparams_"
"""The folder of the columns; no study's folder has this name."""

MAX_NAME = 100
"""Maximum number of bytes of a folder's name; file systems allow 255."""


def folder_name(study: Study) -> str:
    """The folder of a study: its name, and for a study of crosstune the engine that began it.

    >>> import optuna
    >>> folder_name(optuna.create_study(study_name="a/b"))
    'a-b'
    """
    runs = study.user_attrs.get(RUNS)
    name = as_folder(study.study_name)
    return f"{name}/{as_folder(runs[0]['backend'] + '-' + runs[0]['sampler'])}" if runs else name


def spec_metric(study: Study) -> list[str]:
    """The metric in the spec of a study; empty if it has none."""
    return [run["metric"] for run in study.user_attrs.get(RUNS, []) if "metric" in run][-1:]


def as_folder(name: str) -> str:
    """A name that every file system accepts; a long one is cut."""
    folder = "".join(c if c.isalnum() or c in "-_." else "-" for c in name).strip("._-")
    return folder.encode()[:MAX_NAME].decode(errors="ignore") or "study"


def add_columns(root: Path, new: Any) -> None:
    """Add columns to the HParams tab of a log directory.

    TensorBoard keeps the first description of a run, so a changed one becomes a new run that
    replaces the old one.
    """
    folders = sorted((root / COLUMNS).glob("[0-9]*"))
    made, number = new, 1
    for folder in folders:
        number = int(folder.name) + 1
        old = hparams.read_experiment(_experiment_file(folder).read() or [])
        if old is not None:
            made = hparams.merge(old, made)
            if made == old and folder == folders[-1]:
                return
    target = root / COLUMNS / f"{number:04d}"
    event = summary_event(hparams.experiment_summary(made), time.time())
    _experiment_file(target).append([event])
    for folder in folders:
        _experiment_file(folder).path.unlink(missing_ok=True)
        with suppress(OSError):  # the folder contains a file of another program
            folder.rmdir()


def _experiment_file(folder: Path) -> EventFile:
    return EventFile(folder / NAME)


def numbered(path: Path) -> Iterator[Path]:
    """A path, then the same with -2, -3 and so on at its end."""
    yield path
    for number in itertools.count(2):
        yield path.with_name(f"{path.name}-{number}")


def is_free(path: Path) -> bool:
    """True if the folder contains no runs of another study."""
    if not path.exists():
        return True
    return path.is_dir() and not (path / "study").exists() and not any(path.glob("trial-*"))


def read_mark(folder: Path) -> dict[str, Any] | None:
    """The mark that identifies the study of a folder; None if there is none."""
    try:
        with open(folder / MARK, encoding="utf-8", opener=regular) as file:
            mark = json.load(file)
    except (OSError, ValueError, RecursionError):  # missing, not a file, or cut by a crash
        return None
    return mark if isinstance(mark, dict) else None


def write_mark(folder: Path, study: str, trial: FrozenTrial, metrics: tuple[str, ...]) -> None:
    """Mark a folder as that of a study; a trial's start distinguishes studies of the same name.

    Args:
        folder: created if it is missing.
        study: the study's name.
        trial: one that has begun.
        metrics: names of the objectives.
    """
    folder.mkdir(parents=True, exist_ok=True)
    assert trial.datetime_start is not None
    start = trial.datetime_start.isoformat()
    mark = {"study": study, "trial": trial.number, "start": start, "metrics": metrics}
    with open(folder / MARK, "w", encoding="utf-8", opener=regular) as file:
        file.write(json.dumps(mark))


@contextmanager
def alone(root: Path) -> Iterator[None]:
    """Lock the log directory against other processes, except on Windows."""
    if not root.is_dir():
        root.mkdir(parents=True, exist_ok=True)
    with open(root / ".crosstune.lock", "ab", opener=regular) as file:
        try:
            import fcntl
        except ImportError:  # Windows, where only one process may write a log
            yield
            return
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
