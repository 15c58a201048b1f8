"""A study in a PostgreSQL server is reported while workers may be at it, and is not changed."""

from __future__ import annotations

from pathlib import Path

import optuna
import pytest

from crosstune.cli.main import main
from crosstune.errors import RequestError
from crosstune.study_report.sections import state
from crosstune.study_report.source import read
from tests.support.postgres import PASSWORD, Server
from tests.unit.study_report.studies import plain_study

pytestmark = pytest.mark.slow


@pytest.fixture
def url(server: Server) -> str:
    """The URL of the server, with an empty database."""
    import psycopg

    with psycopg.connect(server.url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("drop schema public cascade")
        connection.execute("create schema public")
    return server.url


def test_a_live_study_is_reported_and_said_to_run(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = plain_study(url, trials=20)
    study.ask()
    content = read(url)
    assert content.counts == {"complete": 17, "pruned": 2, "failed": 1, "running": 1}
    assert "may be running: 1 trial had begun" in state(content)
    page = tmp_path / "page.html"
    with pytest.raises(SystemExit) as ended:
        main(["report", url, "--out", str(page)])
    assert ended.value.code == 0
    said = "".join(capsys.readouterr())
    for text in (page.read_text(), said):
        assert PASSWORD not in text
    study.tell(20, 1.0)
    assert state(read(url)) == ""


def test_one_of_several_studies_is_named(url: str) -> None:
    plain_study(url, trials=3)
    optuna.create_study(storage=url, study_name="other")
    with pytest.raises(RequestError, match="--study"):
        read(url)
    with pytest.raises(RequestError, match="the study 'other' .* is empty: it has no trials"):
        read(url, study_name="other")


def test_a_database_without_studies_is_foreign_and_stays_as_it_is(url: str) -> None:
    import psycopg

    with pytest.raises(RequestError, match="is foreign"):
        read(url)
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        tables = connection.execute(
            "select count(*) from information_schema.tables where table_schema = 'public'"
        ).fetchone()
    assert tables == (0,)


def test_a_damaged_database_is_damaged(url: str) -> None:
    import psycopg

    plain_study(url, trials=3)
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("drop table trial_values cascade")
    with pytest.raises(RequestError, match="is damaged") as caught:
        read(url)
    assert PASSWORD not in str(caught.value)


def test_a_wrong_password_is_no_study_and_is_not_shown(url: str) -> None:
    with pytest.raises(RequestError) as caught:
        read(url.replace(PASSWORD, "wrong-secret"))
    assert "wrong-secret" not in str(caught.value)
