"""A study that cannot be reported: the message says whether it is missing, foreign, ..."""

from __future__ import annotations

import pickle
import sqlite3
from pathlib import Path

import optuna
import pytest

from crosstune.errors import RequestError
from crosstune.study.lock import driving
from crosstune.study_report.sections import state
from crosstune.study_report.source import read
from tests.unit.study_report.studies import journal, plain_study, several_objectives, trial


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.journal"
    plain_study(journal(path), trials=10)
    return path


def said(place: str | Path, **options: str) -> str:
    with pytest.raises(RequestError) as caught:
        read(str(place), **options)
    return str(caught.value)


def test_a_study_in_a_journal_and_in_a_database_is_read_alike(file: Path, tmp_path: Path) -> None:
    plain_study(f"sqlite:///{tmp_path}/a.db", trials=10)
    by_journal = read(str(file))
    for place in (f"sqlite:///{tmp_path}/a.db", str(tmp_path / "a.db")):
        by_database = read(place)
        assert by_database.counts == by_journal.counts == {"complete": 7, "pruned": 2, "failed": 1}
        assert [t.params for t in by_database.trials] == [t.params for t in by_journal.trials]


def test_a_line_that_is_being_written_is_left_as_it_is(file: Path) -> None:
    torn = file.read_bytes()[:-5]
    file.write_bytes(torn)
    assert len(read(str(file)).trials) == 9  # the last trial was that line
    assert file.read_bytes() == torn


def test_a_missing_study_is_missing_and_is_not_made(tmp_path: Path) -> None:
    for place in (tmp_path / "no.journal", f"sqlite:///{tmp_path}/no.db"):
        assert "missing" in said(place)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_file_and_an_empty_study_are_empty(tmp_path: Path) -> None:
    (tmp_path / "zero.journal").touch()
    assert "is empty: it holds no study yet" in said(tmp_path / "zero.journal")
    (tmp_path / "zero.db").touch()
    assert "is empty" in said(f"sqlite:///{tmp_path}/zero.db")
    optuna.create_study(storage=journal(tmp_path / "none.journal"), study_name="none")
    assert "the study 'none'" in said(tmp_path / "none.journal")
    assert "is empty: it has no trials" in said(tmp_path / "none.journal")


def test_foreign_files_are_foreign_and_stay_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("not a study\n")
    (tmp_path / "json").write_text('{"a": 1}\n')
    (tmp_path / "binary").write_bytes(b"\x00\xff" * 99 + b"\n")
    (tmp_path / "pickle").write_bytes(pickle.dumps({"a": 1}))
    with sqlite3.connect(tmp_path / "other.db") as other:
        other.execute("create table users (name text)")
    other.close()
    (tmp_path / "not.db").write_text("text\n")
    places = [tmp_path / n for n in ("text", "json", "binary", "pickle", "other.db")]
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    for place in [*places, f"sqlite:///{tmp_path}/not.db"]:
        assert "is foreign" in said(place), place
    assert "--from hyperopt" in said(tmp_path / "pickle")
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_damaged_journal_is_damaged_with_its_line(file: Path) -> None:
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join([*lines[:4], b'{"op_code": \n', *lines[4:]]))
    assert f"{file} is damaged: line 5 is no record of Optuna's" in said(file)


def test_a_journal_without_the_record_of_its_study_is_empty(file: Path) -> None:
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[1:]))
    assert "is empty: it holds no study yet" in said(file)


def test_a_damaged_database_is_damaged(tmp_path: Path) -> None:
    plain_study(f"sqlite:///{tmp_path}/a.db", trials=40)
    whole = (tmp_path / "a.db").read_bytes()
    (tmp_path / "a.db").write_bytes(whole[: len(whole) // 2])
    assert "is damaged" in said(tmp_path / "a.db")


def test_a_database_without_a_table_is_damaged_and_gets_none(tmp_path: Path) -> None:
    plain_study(f"sqlite:///{tmp_path}/a.db", trials=3)
    with sqlite3.connect(tmp_path / "a.db") as database:
        database.execute("drop table trial_values")
    database.close()
    before = (tmp_path / "a.db").read_bytes()
    assert "is damaged: it has no table trial_values" in said(tmp_path / "a.db")
    assert (tmp_path / "a.db").read_bytes() == before


def test_an_unfinished_last_line_is_no_damage(file: Path) -> None:
    with file.open("ab") as end:
        end.write(b'{"op_code": 4, "wor')
    assert read(str(file)).counts["complete"] == 7


def test_folders_are_said_to_be_folders_with_what_to_do(file: Path, tmp_path: Path) -> None:
    assert f"such as {file}" in said(tmp_path)
    (tmp_path / "oracle.json").write_text("{}")
    assert "--from keras_tuner" in said(tmp_path)


def test_one_of_several_studies_has_to_be_named(tmp_path: Path) -> None:
    storage = journal(tmp_path / "a.journal")
    plain_study(storage, trials=3)
    several_objectives(storage)
    assert "--study" in said(tmp_path / "a.journal")
    assert read(str(tmp_path / "a.journal"), study_name="two").several
    assert "no study 'on'" in said(tmp_path / "a.journal", study_name="on")


def test_a_running_study_is_reported_and_said_to_run(file: Path) -> None:
    study = optuna.load_study(study_name="plain <i>study</i>", storage=journal(file))
    study.ask()
    assert "may be running: 1 trial had begun" in state(read(str(file)))
    with driving(file, study.study_name):
        assert "This study is running: process " in state(read(str(file)))
    study.tell(10, state=optuna.trial.TrialState.FAIL)
    assert state(read(str(file))) == ""


def test_a_study_is_not_changed_by_its_report(file: Path, tmp_path: Path) -> None:
    before = file.read_bytes()
    read(str(file))
    assert file.read_bytes() == before
    assert trial(1).params
    assert [path.name for path in tmp_path.iterdir()] == ["a.journal"]
