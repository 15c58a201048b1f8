"""What the studies in a log directory share: its lock, its folders, and the HParams columns."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from optuna.study import Study
from optuna.trial import FrozenTrial

from crosstune.callbacks.tensorboard import hparams
from crosstune.callbacks.tensorboard.event_file import EventFile
from crosstune.callbacks.tensorboard.event_file import summary as summary_event
from crosstune.engines.record_names import RUNS
from crosstune.system.files import regular

MARK = "crosstune.json"
"""The file in a study's folder that says which study it is."""

COLUMNS = "_hparams_"
"""The folder of the columns; no study's folder is called so."""

MAX_NAME = 100
"""How many bytes of a study's name a folder is named by; file systems take 255."""


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
    """The metric of the spec that a study was made from; empty where it has none."""
    return [run["metric"] for run in study.user_attrs.get(RUNS, []) if "metric" in run][-1:]


def as_folder(name: str) -> str:
    """A name as every file system takes it; a long one is cut."""
    kept = "".join(c if c.isalnum() or c in "-_." else "-" for c in name).strip("._-")
    return kept.encode()[:MAX_NAME].decode(errors="ignore") or "study"


def add_columns(root: Path, new: Any) -> None:
    """Add columns to the HParams tab of a log directory.

    TensorBoard keeps the first description that a run has, so a changed one is a run of its own,
    and the old one goes.
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
        with suppress(OSError):  # another program has a file there
            folder.rmdir()


def _experiment_file(folder: Path) -> EventFile:
    return EventFile(folder / "events.out.tfevents.0000000000.crosstune")


def numbered(path: Path) -> Iterator[Path]:
    """A path, and then others of its name with 2, 3 and so on."""
    yield path
    number = 2
    while True:
        yield path.with_name(f"{path.name}-{number}")
        number += 1


def is_free(path: Path) -> bool:
    """Whether a study may have this folder: nobody else's runs would be among its own."""
    if not path.exists():
        return True
    return path.is_dir() and not (path / "study").exists() and not any(path.glob("trial-*"))


def read_mark(folder: Path) -> dict[str, Any] | None:
    """What says which study is in a folder; None where there is none."""
    try:
        with open(folder / MARK, encoding="utf-8", opener=regular) as file:
            held = json.load(file)
    except OSError:  # there is none, or something that is no file
        return None
    except (ValueError, RecursionError):  # torn by a crash, before anything else was written
        return None
    return held if isinstance(held, dict) else None


def write_mark(folder: Path, study: str, trial: FrozenTrial, metrics: tuple[str, ...]) -> None:
    """Make a folder a study's. A trial's very start tells it from others of its name."""
    folder.mkdir(parents=True, exist_ok=True)
    assert trial.datetime_start is not None
    start = trial.datetime_start.isoformat()
    mark = {"study": study, "trial": trial.number, "start": start, "metrics": metrics}
    with open(folder / MARK, "w", encoding="utf-8", opener=regular) as file:
        file.write(json.dumps(mark))


@contextmanager
def alone(root: Path) -> Iterator[None]:
    """Hold the log directory against other processes, where the system has such locks."""
    if not root.is_dir():
        root.mkdir(parents=True, exist_ok=True)
    with open(root / ".crosstune.lock", "ab", opener=regular) as file:
        try:
            import fcntl
        except ImportError:  # Windows: one process a log
            yield
            return
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
