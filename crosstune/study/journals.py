"""The journal file of a study without a storage: its name, and how to find it again."""

from __future__ import annotations

from pathlib import Path

import optuna

from crosstune.engines.record import BUDGET
from crosstune.engines.record_names import RUNS
from crosstune.errors import RequestError
from crosstune.study.choice import ChosenEngine
from crosstune.study.storage import open_storage
from crosstune.study.trials import finished
from crosstune.system.filenames import as_file_name


def new_journal(folder: Path, spec_name: str, engine: ChosenEngine) -> Path:
    """A new, empty journal file for a run.

    Args:
        folder: made if it is absent.
        spec_name, engine: give the file its name, with a number if that exists.

    Raises:
        RequestError: folder or file cannot be written.
    """
    path = _names(folder, spec_name, engine)[1]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RequestError(
            f"the folder {folder} cannot be made: {error.strerror}. Use --storage"
        ) from error
    try:
        path.touch(exist_ok=False)
    except FileExistsError:
        return new_journal(folder, spec_name, engine)  # Another run made it first.
    except OSError as error:
        raise RequestError(f"{path} cannot be written: {error.strerror}") from error
    return path


def kept_journal(folder: Path, spec_name: str, engine: ChosenEngine, study_name: str) -> Path:
    """The latest journal file with a study; if there is none, the name for a new one.

    The files may have other studies, since several spec names can give the same file name.

    Args:
        folder: of the files.
        spec_name, engine: see `new_journal`.
        study_name: to look for.
    """
    files, free = _names(folder, spec_name, engine)
    return _with_study(study_name, files) or free


def unfinished_journal(
    folder: Path, spec_name: str, engine: ChosenEngine, study_name: str
) -> Path | None:
    """The latest journal file with a study, if its run ended before its budget; else None.

    A run that time or patience may have ended is not called unfinished.

    Args:
        folder, spec_name, engine, study_name: see `kept_journal`.
    """
    path = kept_journal(folder, spec_name, engine, study_name)
    if not path.exists() or path.stat().st_size == 0:
        return None
    try:
        study = optuna.load_study(study_name=study_name, storage=open_storage(path))
        budget = study.user_attrs[RUNS][-1][BUDGET]
        trials = budget["trials"]
    except (RequestError, ValueError, LookupError, TypeError):  # damaged, or not our run
        return None
    only_trials = not budget.get("seconds") and "patience" not in budget
    return path if trials and only_trials and finished(study) < trials else None


def _names(folder: Path, spec_name: str, engine: ChosenEngine) -> tuple[list[Path], Path]:
    """The existing files, and the first free name."""
    stem = f"{as_file_name(spec_name)}-{engine.adapter.name}-{as_file_name(engine.algorithm)}"
    files: list[Path] = []
    path = folder / f"{stem}.journal"
    while path.exists():
        files.append(path)
        path = folder / f"{stem}-{len(files) + 1}.journal"
    return files, path


def _with_study(name: str, files: list[Path]) -> Path | None:
    """The last file with the study; else the last one that has no study or is damaged."""
    others: list[Path] = []
    for file in reversed(files):
        try:
            names = optuna.get_all_study_names(open_storage(file))
        except (RequestError, ValueError, KeyError):
            names = []
        if name in names:
            return file
        if not names:
            others.append(file)
    return others[0] if others else None
