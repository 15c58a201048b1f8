"""Checkpoints of trials: `save` keeps one, and `find` gives it to the trial that continues.

    saved = checkpoints.find(trial)
    for epoch in range(saved.step if saved else 0, epochs):
        ...
        checkpoints.save(trial, model.save, name="model.keras", step=epoch + 1)

A trial continues an earlier one where a scheduler promotes that (`Budget.resume_from`), and where
it is the retry of a trial whose process was killed: Optuna gives the retry the attributes of that.

The files are in an artifact store of Optuna's. An attribute of the trial says which of them count,
and is written after the file, so what it names is whole. `optuna.artifacts.upload_artifact` names
a file before it is written, and the names of all that were removed would stay in the study.
Nothing is ever loaded here.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import uuid
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from numbers import Integral
from pathlib import Path
from typing import Any, TypeAlias

from optuna.trial import BaseTrial, FrozenTrial, Trial

from crosstune.checkpoints.record import (
    Entry,
    Record,
    Unusable,
    internal_params,
    is_plain_name,
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
    no_room,
    put,
)
from crosstune.errors import RequestError
from crosstune.objectives.questions import note_so_far
from crosstune.study.trials import budget
from crosstune.system.scalars import plain_arguments

Content: TypeAlias = bytes | str | os.PathLike[str] | Callable[[Path], object]

_logger = logging.getLogger("crosstune")
_full: weakref.WeakSet[Any] = weakref.WeakSet()
"""The studies of which it was said that the disk is full."""


@dataclass(frozen=True)
class Checkpoint:
    """What the training so far has left.

    Attributes:
        path: a copy, under the name that it was saved by, which goes with the trial.
        step: how many epochs, or steps, had been done.
        trial: the number of the trial that saved it.
    """

    path: Path
    step: int
    trial: int


def find(trial: BaseTrial, *, store: Store | None = None) -> Checkpoint | None:
    """The newest checkpoint that a trial can continue from; None where it starts anew.

    It is that of the trial itself, of the killed one that it retries, or of the one that it was
    promoted from. One that is missing, damaged or of other parameters is passed over, with one
    warning. Parameters that were not suggested yet are not compared.

    Args:
        trial: Optuna's, running or finished.
        store: a folder, or an artifact store of Optuna's. None is the folder of the study: beside
            its journal file or SQLite database, and a temporary one for a study in memory.

    Raises:
        RequestError: nothing says where the checkpoints of this study are.

    >>> import optuna
    >>> trial = optuna.create_study().ask()
    >>> save(trial, b"weights", step=3)
    True
    >>> find(trial).step
    3
    """
    place = artifact_store(trial, store)
    passed: list[str] = []
    found = None
    for number, entry in _candidates(trial):
        try:
            if entry is None:
                raise Unusable("there is none, or what the study says of it is damaged")
            entry.check_fits(trial)
            found = Checkpoint(get(place, entry, _folder(trial)), entry.step, entry.trial)
            break
        except Unusable as unusable:
            passed.append(f"trial {number}: {unusable}")
    if passed:
        outcome = "the beginning" if found is None else f"step {found.step} of trial {found.trial}"
        _logger.warning(
            "trial %d goes on from %s, since it cannot use the checkpoint of %s",
            trial.number,
            outcome,
            "; nor that of ".join(passed),
        )
    return found


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
    """Keep a checkpoint of a running trial, in place of its former one.

    A process that is killed meanwhile leaves the former one.

    Args:
        trial: Optuna's, running.
        content: what writes a file at the path that it is given, or bytes, or the path of a file.
        step: how many epochs, or steps, are done; 0 or more.
        name: what the file is called when it is found, such as "model.keras". None: as the file
            whose path is given, or "checkpoint".
        keep: how many of this trial's checkpoints are kept, 1 or more.
        store: as in `find`.

    Returns:
        False where the disk is full: one warning is given, and the former checkpoint is kept.

    Raises:
        RequestError: an argument that cannot be, or nothing says where checkpoints are kept.
        RunError: the store cannot be written for another reason.
    """
    if isinstance(trial, FrozenTrial):
        raise RequestError(f"trial {trial.number} has ended, so no checkpoint can be added to it")
    name = _checked(content, step, name, keep)
    step = int(step)
    place = artifact_store(trial, store)
    record = read(trial)
    artifact = str(uuid.uuid4())
    write(trial, record.entries, [artifact, *record.discarded])
    try:
        with _as_file(content, name) as path:
            put(place, artifact, path)
            entry = Entry(artifact, name, step, digest(path), trial.number, internal_params(trial))
    except NoRoom as full:
        write(trial, record.entries, record.discarded)
        if home(trial) not in _full:
            _full.add(home(trial))
            _logger.warning(
                "trial %d has no room for its checkpoint of step %d: %s. Training goes on, and "
                "a former checkpoint is kept",
                trial.number,
                step,
                full,
            )
        return False
    _full.discard(home(trial))
    note_so_far(trial)
    own = [entry, *(old for old in record.entries if old.trial == trial.number)]
    inherited = [old for old in record.entries if old.trial != trial.number]
    gone = [*(old.artifact for old in own[keep:]), *record.discarded]
    write(trial, [*own[:keep], *inherited], gone)
    discard(place, gone)
    return True


def remove(trial: BaseTrial, *, store: Store | None = None) -> None:
    """Remove the checkpoints that a trial saved, where no other will continue it.

    Args:
        trial: Optuna's, running or finished.
        store: as in `find`.

    Raises:
        RequestError: nothing says where the checkpoints of this study are.
    """
    place = artifact_store(trial, store)
    record = read(trial)
    own = [entry.artifact for entry in record.entries if entry.trial == trial.number]
    gone = [*own, *record.discarded]
    if gone and isinstance(trial, Trial):
        write(trial, [entry for entry in record.entries if entry.trial != trial.number], gone)
    discard(place, gone)


def _candidates(trial: BaseTrial) -> Iterator[tuple[int, Entry | None]]:
    """The checkpoints that a trial can go on from, the best first, with the trial that left each.

    An entry is None where there ought to be one.
    """
    yield from _listed(trial.number, read(trial))
    if not isinstance(trial, Trial):
        return
    number, planned = trial.number, budget(trial)
    while planned is not None and planned.resume_from is not None and planned.resume_from < number:
        number = planned.resume_from
        trials = trial.study.get_trials(deepcopy=False)  # a worker may not see all of them
        past = next((each for each in trials if each.number == number), None)
        if past is None:
            yield number, None
            return
        record = read(past)
        yield from _listed(number, record)
        if not record.entries and not record.damaged:
            yield number, None
        planned = budget(past)


def _listed(number: int, record: Record) -> Iterator[tuple[int, Entry | None]]:
    for entry in record.entries:
        yield entry.trial, entry
    if record.damaged:
        yield number, None


def _checked(content: Content, step: int, name: str | None, keep: int) -> str:
    """The name of the file.

    Raises:
        RequestError: an argument cannot be.
    """
    if isinstance(step, bool) or not isinstance(step, Integral) or step < 0:
        raise RequestError(f"step is how many epochs are done, 0 or more, not {step!r}")
    if isinstance(keep, bool) or not isinstance(keep, int) or keep < 1:
        raise RequestError(f"keep is how many checkpoints to keep, 1 or more, not {keep!r}")
    if isinstance(content, str | os.PathLike):
        if not Path(content).is_file():
            raise RequestError(f"{os.fspath(content)} is no file, so it is no checkpoint to save")
        name = Path(content).name if name is None else name
    elif not isinstance(content, bytes) and not callable(content):
        raise RequestError(
            "a checkpoint is what writes a file at a path, or bytes, or the path of a file, not "
            f"{content!r}"
        )
    name = "checkpoint" if name is None else name
    if not is_plain_name(name):
        raise RequestError(f"name is that of a file without folders, not {name!r}")
    return name


@contextmanager
def _as_file(content: Content, name: str) -> Iterator[Path]:
    """A file with the content.

    Raises:
        NoRoom: there is no room to write it. What else the caller's function raises goes through.
    """
    if isinstance(content, str | os.PathLike):
        yield Path(content)
        return
    with tempfile.TemporaryDirectory(prefix="crosstune-") as folder:
        path = Path(folder) / name
        try:
            if isinstance(content, bytes):
                path.write_bytes(content)
            else:
                content(path)
        except Exception as error:
            reason = no_room(error)
            if reason is None:
                raise
            raise NoRoom(reason) from error
        if not path.is_file():
            raise RequestError(
                f"the function that was to write the checkpoint wrote no file at {path.name!r}. "
                "If it adds an ending, give name= with it"
            )
        yield path


def _folder(trial: BaseTrial) -> Path:
    """A new folder, removed when a running trial has ended, and else when the process ends."""
    folder = Path(tempfile.mkdtemp(prefix="crosstune-"))
    lasting: Any = trial if isinstance(trial, Trial) else find
    weakref.finalize(lasting, shutil.rmtree, folder, ignore_errors=True)
    return folder
