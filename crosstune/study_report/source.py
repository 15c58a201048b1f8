"""Opens a study to be reported, from any storage, and says what is wrong with one that cannot be.

Nothing is made or changed: no journal, no table of a database. A pickle is read only if the
format is named.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import optuna
from optuna.study import Study

from crosstune.errors import RequestError, described, message_of
from crosstune.exchange import import_study, storages
from crosstune.study.lock import driver_of
from crosstune.study.storage import cannot_open, check_url, describe, file_at, open_storage
from crosstune.study_report.content import StudyContent, content_of
from crosstune.terminal.urls import clean_cause

_SQLITE = b"SQLite format 3\x00"
_TABLES = {
    *("studies", "study_directions", "study_user_attributes", "study_system_attributes"),
    *("trials", "trial_params", "trial_values", "trial_intermediate_values"),
    *("trial_user_attributes", "trial_system_attributes"),
}
"""Those of Optuna that hold a study. Optuna makes missing ones when it opens a database."""
_RECORD = "op_code"
"""A key of each line of a journal."""


def read(
    place: str,
    *,
    study_name: str | None = None,
    format: str | None = None,
    metric: str | None = None,
    direction: str | None = None,
) -> StudyContent:
    """The content of the study at a place.

    Args:
        place: a journal or SQLite file, the URL of a database, or with a format the file or
            folder of another library.
        study_name: which one of several in a storage.
        format: "hyperopt" or "keras_tuner"; a pickle may run any code, so name only a trusted one.
        metric: the name of the objective, if the study does not tell.
        direction: "maximize" if the losses of Hyperopt are negated values.

    Raises:
        RequestError: it is missing, foreign, empty or damaged; the message says which.
    """
    driver = ""
    if format is not None and format != "optuna":
        study = _imported(place, format, metric, direction)
    else:
        study = _stored(place, study_name)
        file = file_at(_url(place))
        driver = driver_of(file, study.study_name) if file is not None else ""
    shown = describe(place)
    try:
        content = content_of(study, shown, metric=metric)
    except Exception as error:  # Optuna does not validate what it reads.
        raise _damaged(shown, described(error)) from clean_cause(error)
    if not content.trials:
        raise RequestError(f"the study {study.study_name!r} in {shown} is empty: it has no trials")
    return StudyContent(**{**vars(content), "driver": driver})


def _imported(place: str, format: str, metric: str | None, direction: str | None) -> Study:
    if not Path(place).exists():
        raise _missing(place)
    options: dict[str, Any] = {"metric": metric if format == "keras_tuner" else None}
    return import_study(place, format=format, direction=direction, **options)


def _stored(place: str, study_name: str | None) -> Study:
    url = _url(place)
    shown = describe(place)
    if "://" in url:
        _check_database(url)
    else:
        _check_file(Path(place))
    try:
        study = storages.find(url, study_name)
        study.get_trials(deepcopy=False)
    except RequestError as error:
        if "has no study" in str(error):
            raise RequestError(f"{shown} is empty: it holds no study yet") from None
        if "Name the one" in str(error):
            raise RequestError(f"{error} with --study") from None
        raise
    except Exception as error:  # Optuna does not validate what it reads.
        raise _damaged(shown, described(error)) from clean_cause(error)
    return study


def _url(place: str) -> str:
    """The URL of an SQLite file that is named by its path; any other place as it is."""
    if "://" in place or not Path(place).is_file():
        return place
    with Path(place).open("rb") as file:
        return f"sqlite:///{place}" if file.read(len(_SQLITE)) == _SQLITE else place


def _check_file(path: Path) -> None:
    """Raise RequestError if a path is not a journal with a whole record in each line."""
    if not os.path.lexists(path):
        raise _missing(str(path))
    if path.is_dir():
        raise RequestError(f"{path} is a folder and no study. {_folder_hint(path)}".strip())
    if not path.is_file():
        raise RequestError(f"{path} is no regular file, so it holds no study")
    try:
        with path.open("rb") as file:
            _check_lines(path, file)
    except OSError as error:
        raise RequestError(f"{path} cannot be read: {error.strerror}") from None


def _check_lines(path: Path, file: Any) -> None:
    for number, line in enumerate(file, start=1):
        if number == 1 and line[:1] == b"\x80":
            raise RequestError(
                f"{path} is foreign: it looks like a pickle. If it holds Trials of Hyperopt, and "
                "you trust it, since reading it runs its code, add --from hyperopt"
            )
        if not line.endswith(b"\n"):
            break  # still being written, or left by a kill; Optuna skips it
        try:
            whole = isinstance(json.loads(line)[_RECORD], int)
        except (ValueError, KeyError, TypeError):
            whole = False
        if not whole and number == 1:
            raise RequestError(
                f"{path} is foreign: neither a journal of Optuna's nor an SQLite database"
            )
        if not whole:
            raise _damaged(str(path), f"line {number} is no record of Optuna's")
    if path.stat().st_size == 0:
        raise RequestError(f"{path} is empty: it holds no study yet")


def _folder_hint(path: Path) -> str:
    if (path / "match.json").is_file():
        return "It holds a match: crosstune compare --report-only --out DIR reports on it"
    if (path / "oracle.json").is_file():
        return "It looks like a project of Keras Tuner: add --from keras_tuner"
    journals = sorted(path.glob("*.journal"))
    return f"Name a file in it, such as {journals[0]}" if journals else ""


def _check_database(url: str) -> None:
    """Raise RequestError unless a database has Optuna's tables; none are made."""
    check_url(url)
    file = file_at(url)
    if file is not None and not file.is_file():
        raise _missing(str(file))
    if file is not None and file.stat().st_size == 0:
        raise RequestError(f"{file} is empty: it holds no study yet")
    if not url.startswith(("sqlite", "postgres", "mysql", "mariadb")):
        return
    import sqlalchemy

    try:
        engine = sqlalchemy.create_engine(url)
        try:
            tables = sqlalchemy.inspect(engine).get_table_names()
            if file is not None:
                with engine.connect() as connection:
                    state = connection.execute(sqlalchemy.text("PRAGMA quick_check(1)")).scalar()
                if state != "ok":
                    raise _damaged(str(file), str(state))
        finally:
            engine.dispose()
    except RequestError:
        raise
    except Exception as error:  # of SQLAlchemy or the database's own library
        if file is None:
            raise cannot_open(url, error) from clean_cause(error)
        with file.open("rb") as opened:
            if opened.read(len(_SQLITE)) != _SQLITE:
                raise RequestError(f"{file} is foreign: no SQLite database") from None
        reason = message_of(error).splitlines()[0]
        raise _damaged(str(file), reason) from clean_cause(error)
    if not {"studies", "trials"} <= set(tables):
        raise RequestError(f"{describe(url)} is foreign: a database without studies of Optuna's")
    missing = sorted(_TABLES - set(tables))
    if missing:
        raise _damaged(describe(url), f"it has no table {missing[0]}")


def _missing(place: str) -> RequestError:
    return RequestError(f"the study is missing: there is no file {place}")


def _damaged(place: str, why: str) -> RequestError:
    return RequestError(f"{place} is damaged: {why}")


def names_at(place: str) -> list[str]:
    """The names of the studies in a storage that `read` has opened."""
    return optuna.get_all_study_names(open_storage(_url(place), mend=False))
