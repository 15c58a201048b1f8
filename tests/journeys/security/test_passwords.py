"""No output holds the password of a database's URL, nor a part of it."""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st

import crosstune
from crosstune import Float, Space
from crosstune.benchmarks.match.agreement import about
from crosstune.benchmarks.problems.base import Problem
from crosstune.cli.console import SafeConsole
from crosstune.errors import RequestError
from crosstune.spec.spec import Spec
from crosstune.study import storage
from crosstune.study.storage import check_url, describe, open_storage
from crosstune.terminal.text import SafeFormatter, say, show_error
from crosstune.terminal.urls import has_loose_at, redacted
from crosstune.worker.database import cannot_open

HEAD, TAIL = "Zq7x", "pW9y"
"""Each password begins and ends so, and neither may be seen."""

ODD = st.text(st.characters(codec="utf-8", exclude_characters="&"), max_size=6) | st.text(
    "@/:?#%[]+= '\"\\{}$-.;\n", max_size=6
)
ENCODED = st.sampled_from([str, quote, quote_plus, lambda text: quote(text, safe="")])
PLACES = st.sampled_from(
    [
        "postgresql+psycopg://me:{}@host/db",
        "postgresql://me:{}@host:5432/db?sslmode=require",
        "mysql://:{}@host",
        "redis://:{}@host:6379/0",
        "nodb://me:{}@[::1]/db",
        "tune+db://me@corp.example:{}@host/db",
    ]
)
KEYS = st.sampled_from(
    ["password", "sslpassword", "PWD", "token", "authToken", "access_key", "odbc_connect", "x"]
)
QUERIES = st.sampled_from(
    [
        "postgresql://host/db?{}={}",
        "postgresql://me@host/db?sslmode=require&{}={}",
        "mssql+pyodbc:///?{}={}",
        "sqlite:///tune.db?{}={}&timeout=3",
        "no url://host/?{}={}",
    ]
)


@st.composite
def urls(draw: st.DrawFn) -> tuple[str, str]:
    """A URL, and the password in it."""
    password = HEAD + draw(ODD) + TAIL
    if draw(st.booleans()):
        return draw(PLACES).format(draw(ENCODED)(password)), password
    encode = draw(st.sampled_from([quote, quote_plus]))
    return draw(QUERIES).format(draw(KEYS), encode(password)), password


def is_clean(text: str) -> bool:
    return HEAD not in text and TAIL not in text


@given(urls())
def test_a_place_is_described_without_it(url: tuple[str, str]) -> None:
    shown = describe(url[0])
    assert is_clean(shown)
    assert "***" in shown


@given(urls())
def test_a_text_that_repeats_it_is_shown_without(url: tuple[str, str]) -> None:
    place, password = url
    describe(place)
    if "?x=" in place or "&x=" in place:  # it may be any word
        return
    # A library that looks for the host behind the first @ repeats a part.
    parts = [part for part in password.split("@") if len(part) > 3 and has_loose_at(place)]
    for text in (place, password, quote(password), repr(password), json.dumps(password), *parts):
        assert is_clean(redacted(f'could not translate host name "{text}" to address'))


@given(urls())
def test_no_error_of_an_unknown_database_repeats_it(url: tuple[str, str]) -> None:
    place, _ = url

    def fail(_: str) -> None:
        raise ValueError(f"cannot connect to {place}")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(storage, "get_storage", fail)
        with pytest.raises(RequestError) as raised:
            open_storage(place)
    # The driver's own exception is left out of the chain where it repeats it.
    assert is_clean("".join(traceback.format_exception(raised.value, chain=True)[-1:]))
    assert raised.value.__suppress_context__ or raised.value.__context__ is None
    assert raised.value.__cause__ is None or is_clean(str(raised.value.__cause__))
    assert is_clean(str(cannot_open(place, ValueError(f"no database at {place}"))))


@given(st.sampled_from(["pa@ss", "Zq7x@pW9y", "a:Zq7x@b/pW9y", "Zq7x@?pW9y"]))
def test_an_at_sign_in_a_password_is_refused_before_a_driver_sees_it(password: str) -> None:
    with pytest.raises(RequestError, match="%40") as raised:
        open_storage(f"postgresql://me:{password}@host/db")
    assert password not in str(raised.value)
    assert is_clean(str(raised.value))


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://me:secret@db/tune", "postgresql://me:***@db/tune"),
        ("postgresql://me:sec/ret@host/db", "postgresql://me:***@host/db"),
        ("postgresql://me:pa@ss@host/db", "postgresql://me:***@host/db"),
        ("postgresql://me:p%40ss@host/db", "postgresql://me:***@host/db"),
        ("postgresql://host/db?sslpassword=s", "postgresql://host/db?sslpassword=***"),
        (
            "postgresql://host/db?sslmode=require&connect_timeout=3",
            "postgresql://host/db?sslmode=require&connect_timeout=3",
        ),
        ("sqlite:///runs/a b.db", "sqlite:///runs/a b.db"),
        ("sqlite:////abs/a.db?timeout=5", "sqlite:////abs/a.db?timeout=5"),
        ("sqlite://", "sqlite://"),
        ("runs/a.journal", "runs/a.journal"),
        ("runs/pass:word@x.journal", "runs/pass:word@x.journal"),
    ],
)
def test_what_is_no_secret_stays(url: str, shown: str) -> None:
    assert describe(url) == shown


SECRET = f"{HEAD}s3cret{TAIL}"
URL = f"nodb://me:{SECRET}@host/db?sslpassword={SECRET}2"


def test_every_way_to_a_terminal_leaves_it_out(capsys: pytest.CaptureFixture[str]) -> None:
    describe(URL)
    say(f"at {URL}")
    try:
        raise ValueError(f"no {SECRET}")
    except ValueError as error:
        show_error(error)
    SafeConsole(stderr=True).print(f"at {URL}")
    record = logging.LogRecord("crosstune", logging.WARNING, "f", 1, "at %s", (URL,), None)
    shown = SafeFormatter("%(message)s").format(record)
    err = capsys.readouterr().err
    assert is_clean(err)
    assert err.count("***") > 4
    assert is_clean(shown)


COMMANDS = [
    ["run", "spec.json", "--storage", URL],
    ["run", "spec.json", "--storage", URL, "--debug"],
    ["run", "spec.json", "--storage", URL, "--resume", "--json"],
    ["worker", "spec.json", "--storage", URL, "--debug"],
    ["run", "warm.json"],
    ["run", "spec.json", "-b", "crosstune", "-s", "gp", "--warm-start", URL, "--debug"],
    ["compare", "warm.json", "-n", "2", "--seeds", "2", "-c", "optuna:random,optuna:qmc"],
    ["tensorboard", URL, "logs", "--debug"],
    ["export", URL, "out.csv", "--to", "csv", "--debug"],
    ["import", URL, "--from", "optuna", "--storage", "s.journal", "--debug"],
    ["import", "spec.json", "--from", "optuna", "--storage", URL],
    ["import", URL, "--from", "hyperopt"],
    ["run", URL],
    ["run", "spec.json", f"--tensorboard={URL}"],
    ["exec", "-b", URL, "obj.py"],
    ["worker", "spec.json", "--storage", f"mysql://me:{SECRET}@host/db"],
    ["run", "wrong.json"],
]


@pytest.fixture
def workplace(tmp_path: Path) -> Path:
    (tmp_path / "obj.py").write_text("def f(params):\n    return params['x']\n")
    spec: dict[str, Any] = {
        "objective": "obj:f",
        "space": {"x": {"type": "float", "low": 0, "high": 1}},
    }
    (tmp_path / "spec.json").write_text(json.dumps(spec))
    spec |= {"backend": "crosstune", "sampler": {"name": "gp", "warm_start": URL}}
    (tmp_path / "warm.json").write_text(json.dumps(spec))
    spec["sampler"] = [spec["sampler"]]
    (tmp_path / "wrong.json").write_text(json.dumps(spec))
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_command_prints_it(workplace: Path, command: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "crosstune", *command],
        cwd=workplace,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode == 0) is (command[0] == "compare"), done.stderr
    assert done.stderr
    assert is_clean(done.stdout + done.stderr)
    known = [workplace / name for name in ("warm.json", "wrong.json")]
    for path in workplace.rglob("*"):
        if path.is_file() and path not in known:
            assert is_clean(path.read_bytes().decode(errors="replace")), path


def test_a_match_does_not_write_where_its_warm_start_is() -> None:
    spec = Spec(
        space={"x": {"type": "float", "low": 0, "high": 1}},
        backend="crosstune",
        sampler={"name": "gp", "warm_start": [URL, {"deep": [URL]}]},
    )
    problem = Problem("p", spec, lambda params: 0.0)
    written = json.dumps(about(problem).spec)
    assert is_clean(written)
    assert "nodb://me:***@host/db" in written


def test_a_study_does_not_hold_where_it_was_imported_from(tmp_path: Path) -> None:
    place = f"sqlite:///{tmp_path / 's.db'}"
    crosstune.tune(
        {"name": "s", "space": Space({"x": Float(0.0, 1.0)})},
        lambda params: 0.0,
        trials=1,
        storage=place,
    )
    with pytest.MonkeyPatch.context() as patch:
        opened = optuna.storages.get_storage(place)
        patch.setattr(storage, "get_storage", lambda _: opened)
        imported = crosstune.import_study(URL, format="optuna")
    assert is_clean(json.dumps(imported.user_attrs))


@pytest.mark.parametrize("scheme", ["postgresql", "PostgreSQL+psycopg", "mysql+pymysql", "redis"])
@pytest.mark.parametrize("kind", [str, Path])
def test_a_url_that_lost_a_slash_is_no_journal_file(
    scheme: str, kind: type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A `Path` of a URL has lost it, and its file would have the password in its name."""
    monkeypatch.chdir(tmp_path)
    place = kind(f"{scheme}:/me:Zq9xSecretW@h/db")
    with pytest.raises(RequestError, match=f"{re.escape(scheme)}://") as caught:
        open_storage(place)
    assert "Zq9x" not in str(caught.value)
    with pytest.raises(RequestError) as caught:
        check_url(str(place))
    assert "Zq9x" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []
