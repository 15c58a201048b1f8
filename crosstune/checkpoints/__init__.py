"""Checkpoints of trials: `save` stores one, and `find` returns it to the trial that continues.

    saved = checkpoints.find(trial)
    for epoch in range(saved.step if saved else 0, epochs):
        ...
        checkpoints.save(trial, model.save, name="model.keras", step=epoch + 1)

A trial continues an earlier one if a scheduler promotes that one (`Budget.resume_from`), or if it
is the retry of a trial whose process was killed: Optuna copies the attributes to the retry.

The files are in an Optuna artifact store. An attribute of the trial lists the valid ones; it is
written after the file, so every listed file is complete. `optuna.artifacts.upload_artifact` would
list a file before it is written, and keep the names of removed files in the study. Nothing is ever
loaded here.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
import uuid
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from optuna.trial import BaseTrial, FrozenTrial, Trial

from crosstune.checkpoints.content import Content, as_file, checked_name
from crosstune.checkpoints.record import (
    CheckpointRecord,
    Record,
    Unusable,
    internal_params,
    read,
    write,
)
from crosstune.checkpoints.stores import (
    NoRoom,
    Store,
    artifact_store,
    digest,
    discard,
    get,
    home,
    put,
)
from crosstune.errors import RequestError
from crosstune.objectives.questions import note_so_far
from crosstune.study.trials import budget
from crosstune.system.scalars import plain_arguments

_logger = logging.getLogger("crosstune")
_full: weakref.WeakSet[Any] = weakref.WeakSet()
"""Studies whose "disk full" warning was already logged."""


@dataclass(frozen=True)
class Checkpoint:
    """The state of an interrupted training.

    Attributes:
        path: a copy of the file under its saved name, removed with the trial.
        step: number of completed epochs or steps.
        trial: the number of the trial that saved it.
    """

    path: Path
    step: int
    trial: int


def find(
    trial: BaseTrial, *, name: str | None = None, store: Store | None = None
) -> Checkpoint | None:
    """The newest checkpoint that a trial can continue from; None if it has to start from scratch.

    The checkpoint is of the trial itself, of the killed one that it retries, or of the one that was
    promoted. A checkpoint that is missing, damaged or has other parameters is skipped, with one
    warning. Parameters that were not suggested yet are not compared.

    Args:
        trial: an Optuna trial, running or finished.
        name: the file name under which it was saved; others are passed over. None takes any.
        store: a folder or an Optuna artifact store. None is the study's folder: beside its journal
            file or SQLite database, or a temporary one for a study in memory.

    Raises:
        RequestError: the place of this study's checkpoints is unknown.

    >>> import optuna
    >>> trial = optuna.create_study().ask()
    >>> save(trial, b"weights", step=3)
    True
    >>> find(trial).step
    3
    """
    place = artifact_store(trial, store)
    passed: list[str] = []
    checkpoint = None
    for number, entry in _candidates(trial):
        if entry is not None and name not in (None, entry.name):
            continue
        try:
            if entry is None:
                raise Unusable("there is none, or what the study says of it is damaged")
            entry.check_fits(trial)
            checkpoint = Checkpoint(get(place, entry, _folder(trial)), entry.step, entry.trial)
            break
        except Unusable as unusable:
            passed.append(f"trial {number}: {unusable}")
    if passed:
        outcome = (
            "the beginning"
            if checkpoint is None
            else f"step {checkpoint.step} of trial {checkpoint.trial}"
        )
        _logger.warning(
            "trial %d continues from %s, since it cannot use the checkpoint of %s",
            trial.number,
            outcome,
            "; nor that of ".join(passed),
        )
    return checkpoint


@plain_arguments("content")
def save(
    trial: BaseTrial,
    content: Content,
    *,
    step: int,
    name: str | None = None,
    keep: int = 1,
    store: Store | None = None,
) -> bool:
    """Store a checkpoint of a running trial, in place of its former one.

    The former one stays if the process is killed meanwhile.

    Args:
        trial: a running Optuna trial.
        content: a function that writes a file at a path, or bytes, or the path of a file.
        step: number of completed epochs or steps, 0 or more.
        name: the file name when it is found, such as "model.keras". None: the name of the given
            file, or "checkpoint".
        keep: number of checkpoints of this trial to keep, 1 or more.
        store: as in `find`.

    Returns:
        False if the disk is full: one warning is logged, and the former checkpoint is kept.

    Raises:
        RequestError: an invalid argument, or the place of this study's checkpoints is unknown.
        RunError: the store cannot be written for another reason.
    """
    if isinstance(trial, FrozenTrial):
        raise RequestError(f"trial {trial.number} has ended, so no checkpoint can be added to it")
    name = checked_name(content, step, name, keep)
    step = int(step)
    place = artifact_store(trial, store)
    record = read(trial)
    artifact = str(uuid.uuid4())
    write(trial, record.entries, [artifact, *record.discarded])
    try:
        with as_file(content, name) as path:
            put(place, artifact, path)
            entry = CheckpointRecord(
                artifact, name, step, digest(path), trial.number, internal_params(trial)
            )
    except NoRoom as full:
        write(trial, record.entries, record.discarded)
        if home(trial) not in _full:
            _full.add(home(trial))
            _logger.warning(
                "trial %d has no room for its checkpoint of step %d: %s. Training continues, and "
                "a former checkpoint is kept",
                trial.number,
                step,
                full,
            )
        return False
    _full.discard(home(trial))
    note_so_far(trial)
    mine = [entry, *(old for old in record.entries if old.trial == trial.number)]
    inherited = [old for old in record.entries if old.trial != trial.number]
    gone = [*(old.artifact for old in mine[keep:]), *record.discarded]
    write(trial, [*mine[:keep], *inherited], gone)
    discard(place, gone)
    return True


def remove(trial: BaseTrial, *, store: Store | None = None) -> None:
    """Remove the checkpoints that a trial saved, when no other trial will continue it.

    Args:
        trial: an Optuna trial, running or finished.
        store: as in `find`.

    Raises:
        RequestError: the place of this study's checkpoints is unknown.
    """
    place = artifact_store(trial, store)
    record = read(trial)
    artifacts = [entry.artifact for entry in record.entries if entry.trial == trial.number]
    gone = [*artifacts, *record.discarded]
    if gone and isinstance(trial, Trial):
        write(trial, [entry for entry in record.entries if entry.trial != trial.number], gone)
    discard(place, gone)


def _candidates(trial: BaseTrial) -> Iterator[tuple[int, CheckpointRecord | None]]:
    """The checkpoints that a trial can continue from, the best first, each with its trial's number.

    An entry is None if a checkpoint is missing.
    """
    yield from _listed(trial.number, read(trial))
    if not isinstance(trial, Trial):
        return
    number, planned = trial.number, budget(trial)
    while planned is not None and planned.resume_from is not None and planned.resume_from < number:
        number = planned.resume_from
        trials = trial.study.get_trials(deepcopy=False)  # a worker may not see all of them
        earlier = next((other for other in trials if other.number == number), None)
        if earlier is None:
            yield number, None
            return
        record = read(earlier)
        yield from _listed(number, record)
        if not record.entries and not record.damaged:
            yield number, None
        planned = budget(earlier)


def _listed(number: int, record: Record) -> Iterator[tuple[int, CheckpointRecord | None]]:
    for entry in record.entries:
        yield entry.trial, entry
    if record.damaged:
        yield number, None


def _folder(trial: BaseTrial) -> Path:
    """A new folder, removed with a running trial; for other trials, when the process ends."""
    folder = Path(tempfile.mkdtemp(prefix="crosstune-"))
    lasting: Any = trial if isinstance(trial, Trial) else find
    weakref.finalize(lasting, shutil.rmtree, folder, ignore_errors=True)
    return folder
