"""Nothing that a spec, a study or a file name holds steers the terminal."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest
from rich.table import Table

from crosstune.cli.console import SafeConsole
from crosstune.terminal.text import SafeFormatter, visible

ESCAPE = "\x1b"
EVIL = f"{ESCAPE}]0;owned\x07{ESCAPE}[2J\x9b31m\r[red]"


@pytest.fixture
def evil(tmp_path: Path) -> Path:
    (tmp_path / "objective.py").write_text("def f(params):\n    return list(params.values())[0]\n")
    spec = {
        "name": f"a{EVIL}",
        "objective": "objective:f",
        "metric": f"m{EVIL}",
        "seed": 0,
        "space": {
            f"x{EVIL}": {"type": "float", "low": 0, "high": 1},
            "k": {"type": "choice", "values": [f"v{EVIL}", "w"]},
        },
    }
    path = tmp_path / "spec.json"
    path.write_text(json.dumps(spec))
    return path


@pytest.mark.parametrize(
    ("arguments", "color"),
    [
        (["run", "spec.json", "-n", "3"], False),
        (["run", "spec.json", "-n", "3"], True),
        (["run", f"no{EVIL}.yaml"], False),
        (["check", "spec.json", "--backend", "optuna"], False),
        pytest.param(
            ["compare", "spec.json", "-c", "optuna:qmc,optuna:random", "-n", "2"],
            False,
            marks=pytest.mark.slow,
        ),
        (["exec", "-b", f"hyp{EVIL}", "objective.py"], False),
    ],
)
def test_a_command_shows_it_and_is_not_steered(
    evil: Path, arguments: list[str], color: bool
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "crosstune", *arguments],
        cwd=evil.parent,
        capture_output=True,
        timeout=120,
        env={"PATH": "", "FORCE_COLOR": "1"} if color else None,
    )
    shown = (done.stdout + done.stderr).decode()
    assert shown
    assert f"{ESCAPE}]" not in shown
    assert f"{ESCAPE}[2J" not in shown
    assert "\x07" not in shown
    assert "\x9b" not in shown
    assert "Traceback" not in shown
    if not color:
        assert ESCAPE not in shown


def test_text_is_kept_and_the_rest_is_seen() -> None:
    assert visible("plain ü 日本\n\t") == "plain ü 日本\n\t"
    assert visible("a\x1b[2Jb\r\x00") == "a\ufffd[2Jb\ufffd\ufffd"


def test_a_table_is_drawn_with_what_it_holds_made_visible() -> None:
    console = SafeConsole(record=True, width=60)
    table = Table("head\x1b[31m", style="red")
    table.add_row("cell\x1b]0;x\x07")
    with console.capture() as held:
        console.print(table)
    assert "\x1b" not in held.get()
    assert "cell" in held.get()


def test_log_lines_are_made_visible() -> None:
    record = logging.LogRecord("crosstune", logging.WARNING, "", 0, "a %s", ("\x1b[2J",), None)
    assert SafeFormatter("%(message)s").format(record) == "a \ufffd[2J"
