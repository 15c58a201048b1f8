"""`export_study` and `import_study`: the formats by name.

Two formats are for studies of any engine: an Optuna storage, and a table. The others belong to an
engine, whose row in the registry names the functions that write and read them.

The format is always named. It is never guessed by opening a file, since one of them, a pickle, runs
code when it is opened.
"""

from __future__ import annotations

import copy
import dataclasses
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from optuna.study import Study
from optuna.trial import FrozenTrial, create_trial

from crosstune.engines import registry
from crosstune.engines import study_values as ledger
from crosstune.errors import RequestError, SpecError, UnknownName, no_such
from crosstune.exchange import storages
from crosstune.exchange.points import moved, those_that_fit
from crosstune.exchange.study_data import (
    IMPORTED,
    Contents,
    read_study,
    without_pickles,
    write_study,
)
from crosstune.space.space import Space
from crosstune.spec.spec import Spec, load
from crosstune.study.storage import Place, describe

_STORAGE = "optuna"
_TABLE = "csv"

_logger = logging.getLogger("crosstune")


def export_study(
    study: Study | str,
    path: str | os.PathLike[str],
    *,
    format: str,
    storage: Place = None,
    name: str | None = None,
    metric: str | None = None,
    force: bool = False,
) -> None:
    """Write a study in the form of another library.

    Differences from the study are logged. An export that fails leaves nothing behind.

    Args:
        study: the study, or its name in `storage`.
        path: the file or folder to write; for optuna a journal file or the URL of a storage, to
            which the study is added.
        format: "hyperopt" (pickled `Trials`), "keras_tuner" (a project folder), "optuna" or "csv".
        name: of the study in the new Optuna storage. None: the same.
        metric: the name of Keras Tuner's objective. None: that of the study, or "objective".
        force: replace an existing file, project folder, or study of that name.

    Raises:
        RequestError: the study or format does not exist, the place is taken, or it cannot be
            written.

    >>> study = crosstune.create_study({"space": {"x": {"type": "float", "low": 0, "high": 1}}})
    >>> study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=3)
    >>> export_study(study, folder / "trials.csv", format="csv")
    >>> (folder / "trials.csv").read_text().splitlines()[0]
    'number,state,value,datetime_start,datetime_complete,params_x'
    """
    if format not in exports():
        raise UnknownName(no_such("format", format, exports()))
    _check_options(format, exports(), {"name": name, "metric": metric})
    if isinstance(study, str):
        if storage is None:
            raise RequestError(f"in which storage is the study {study!r}? Name it")
        study = storages.find(storage, study)
    if format == _STORAGE:
        place = path if "://" in os.fspath(path) else Path(path)
        storages.put(study, place, name or study.study_name, force=force)
        return
    contents = read_study(study)
    for note in _write(contents, Path(path), format, metric=metric, force=force):
        _logger.warning(note)


def _write(
    contents: Contents, path: Path, format: str, *, metric: str | None, force: bool
) -> list[str]:
    if format == _TABLE:
        from crosstune.exchange import to_csv

        return to_csv.write_file(contents, path, force=force)
    row, form = registry.formats()[format]
    registry.get(row.name)  # raises if the library is not installed
    options = {"metric": metric} if "metric" in form.write_options else {}
    notes: list[str] = registry.imported(form.write)(contents, path, force=force, **options)
    return notes


def import_study(
    path: str | os.PathLike[str],
    *,
    format: str,
    storage: Place = None,
    name: str | None = None,
    spec: Spec | str | os.PathLike[str] | Mapping[str, Any] | None = None,
    space: Any = None,
    direction: str | None = None,
    metric: str | None = None,
    study_name: str | None = None,
) -> Study:
    """A new study with the finished trials of another library's search.

    What was lost is logged, and stored in the study's attribute "crosstune:imported".

    Args:
        path: a pickle of `hyperopt.Trials`, a project folder of Keras Tuner, or an Optuna storage.
            Reading a pickle runs whatever code it holds: give only one that you trust.
        format: "hyperopt", "keras_tuner" or "optuna".
        storage: for the new study; None is memory.
        name: of the new study. None: that of the source, or of its file.
        spec: declares the space and the direction; every trial has to be a point of it.
        space: a native `hp` space, by which Hyperopt's choice positions become values.
        direction: "maximize" if the losses of Hyperopt are negated values.
        metric: the one of Keras Tuner's metrics that is the objective, if the folder does not tell.
        study_name: of the study in an Optuna storage.

    Raises:
        StudyExists: a study of that name exists.
        RequestError: it cannot be read, or does not belong to the spec.
    """
    if format not in imports():
        raise UnknownName(no_such("format", format, imports()))
    options = {"space": space, "direction": direction, "metric": metric}
    _check_options(format, imports(), {**options, "study_name": study_name})
    if direction not in (None, "minimize", "maximize"):
        raise RequestError(f"the direction is minimize or maximize, not {direction!r}")
    declared = None if spec is None else load(Path(spec) if isinstance(spec, os.PathLike) else spec)
    if declared is not None and (space is not None or direction is not None):
        raise RequestError("a spec says the space and the direction: give it, or those")
    if format == _STORAGE:
        contents, notes = _from_optuna(path, study_name, declared)
    else:
        contents, notes = _read(path, format, declared, options)
    wanted = None if declared is None else declared.metric.direction
    if wanted is not None and contents.directions != (wanted,):
        raise RequestError(
            f"the trials were made to {', '.join(contents.directions)}, and the spec says {wanted}"
        )
    contents, left_out = without_pickles(contents)
    notes = [*notes, *left_out]
    for note in notes:
        _logger.warning(note)
    source = describe(path) if "://" in os.fspath(path) else Path(path).name
    attrs = {**contents.attrs, IMPORTED: {"from": format, "source": source, "notes": notes}}
    contents = dataclasses.replace(contents, attrs=attrs, name=name or contents.name)
    study = write_study(contents)
    return study if storage is None else storages.put(study, storage, contents.name)


def exports() -> dict[str, tuple[str, ...]]:
    """The formats in which a study is written, each with the options that it takes."""
    engines = registry.formats().items()
    written = {name: form.write_options for name, (_, form) in engines if form.write}
    return {**written, _STORAGE: ("name",), _TABLE: ()}


def imports() -> dict[str, tuple[str, ...]]:
    """The formats from which a study is read, each with the options that it takes."""
    engines = registry.formats().items()
    read = {name: form.read_options for name, (_, form) in engines if form.read}
    return {**read, _STORAGE: ("study_name",)}


def _check_options(
    format: str, formats: Mapping[str, tuple[str, ...]], options: Mapping[str, Any]
) -> None:
    """Raise RequestError for an option that is not None and that the format does not take."""
    for option, value in options.items():
        if value is not None and option not in formats[format]:
            owners = ", ".join(name for name, taken in formats.items() if option in taken)
            raise RequestError(f"{option} is for {owners}, and has no meaning for {format}")


def _read(
    path: str | os.PathLike[str], format: str, spec: Spec | None, options: Mapping[str, Any]
) -> tuple[Contents, list[str]]:
    """The contents of an engine's own file, and notes.

    Args:
        path: of the file.
        format: of an engine.
        spec: declares space and direction; None takes those of `options`.
        options: those of `import_study`.
    """
    row, form = registry.formats()[format]
    registry.get(row.name)  # raises if the library is not installed
    if spec is not None:
        options = {**options, "space": spec.space, "direction": spec.metric.direction}
    taken = {name: options[name] for name in {"space", *form.read_options}}
    read: tuple[Contents, list[str]] = registry.imported(form.read)(Path(path), **taken)
    return read


def _from_optuna(
    path: str | os.PathLike[str], study_name: str | None, spec: Spec | None
) -> tuple[Contents, list[str]]:
    """The finished trials of an Optuna study, under the distributions of the spec if given."""
    contents = read_study(storages.find(path, study_name))
    left = len(contents.trials) - len(contents.finished)
    notes = [f"{left} unfinished trials are left out"] if left else []
    trials, more = those_that_fit(contents.finished, lambda trial, _: _checked(trial))
    space = contents.space if spec is None else spec.space
    if spec is not None:
        trials = [_under(spec.space, contents.space, trial) for trial in trials]
    return dataclasses.replace(contents, space=space, trials=trials), notes + more


def _checked(trial: FrozenTrial) -> FrozenTrial:
    """A trial that Optuna adds to a study; a queued one may have values outside its ranges."""
    try:
        create_trial(
            state=trial.state,
            values=trial.values,
            params=trial.params,
            distributions=trial.distributions,
        )
    except ValueError as error:
        raise SpecError(f"trial {trial.number} cannot be held: {error}") from error
    return trial


def _under(space: Space, before: Space | None, trial: FrozenTrial) -> FrozenTrial:
    """A trial under the distributions of a space; its other parameters stay."""
    again = copy.copy(trial)
    again.params = moved(trial.params, before, space, trial.number)
    declared = ledger.distributions(space)
    again.distributions = {
        name: declared.get(name, other) for name, other in trial.distributions.items()
    }
    return again
