"""On a narrow terminal no word of a table is broken."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.table import Table
from rich.text import Text

import crosstune
from crosstune.cli.console import SafeConsole, table
from crosstune.cli.main import main

WORDS = st.text(alphabet="abcdefg_:.-1", min_size=1, max_size=24)
CELLS = st.lists(WORDS, max_size=3).map(" ".join)


def shown(made: Table, width: int) -> str:
    stream = io.StringIO()
    SafeConsole(file=stream, width=width).print(made)
    return stream.getvalue()


@given(
    rows=st.lists(st.lists(CELLS, min_size=4, max_size=4), min_size=1, max_size=4),
    heads=st.lists(WORDS, min_size=4, max_size=4),
    title=CELLS,
    width=st.integers(30, 120),
)
def test_every_word_is_whole(
    rows: list[list[str]], heads: list[str], title: str, width: int
) -> None:
    made = Table(title=Text(title))
    for head in heads:
        made.add_column(Text(head), overflow="fold")
    for row in rows:
        made.add_row(*map(Text, row))
    text = shown(made, width)
    words = {word for row in [*rows, [title]] for cell in row for word in cell.split()}
    assert words <= set(text.split()), text
    assert all(len(line) <= width for line in text.splitlines()), text


def test_a_table_without_rows_is_not_shown() -> None:
    made = Table("parameter", "optuna:random", title="Importance on a_problem_with_a_long_name")
    assert [shown(made, width).strip() for width in (30, 80)] == ["", ""]


def test_a_table_that_has_room_is_as_rich_draws_it() -> None:
    made = Table("a", "b")
    made.add_row("[green]exact[/]", "2")
    stream = io.StringIO()
    SafeConsole(file=stream, width=80).print(made)
    assert "│ exact │ 2 │" in stream.getvalue()


LONG = "logisticregression__l1_ratio_of_the_estimator"


def test_the_best_trials_keep_long_names_whole() -> None:
    space = {f"{LONG}_{i}": {"type": "float", "low": 0.0, "high": 1.0} for i in range(4)}
    study = crosstune.tune({"space": space}, lambda params: sum(params.values()), trials=4)
    text = shown(table(study, "value", crosstune.Space(space)), 80)
    assert all(name in text for name in space)


@pytest.mark.parametrize("command", [["backends"], ["check", "spec.yaml"]])
def test_commands_break_no_word_at_80_columns(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: object
) -> None:
    lines = [f"  {LONG}_{i}: {{type: normal, mu: 0.0, sigma: 1.0}}" for i in range(3)]
    (tmp_path / "spec.yaml").write_text("\n".join(["space:", *lines]) + "\n")
    monkeypatch.chdir(tmp_path)

    def words(columns: str) -> set[str]:
        monkeypatch.setenv("COLUMNS", columns)
        with pytest.raises(SystemExit):
            main(command)
        out = capsys.readouterr().out  # type: ignore[attr-defined]
        assert columns == "300" or all(len(line) <= 80 for line in _drawn(out)), out
        return {word for word in out.split() if word.strip("─━┏┓┗┛┡┩┳┻╇┴┬│┃╋┼└┘")}

    assert words("300") <= words("80")


def _drawn(out: str) -> list[str]:
    """The lines of tables and lists; sentences are left to the terminal."""
    return [line for line in out.splitlines() if line.startswith((" ", "│", "┃", "┏"))]
