from __future__ import annotations

import pytest

from crosstune.presentation.axes import axis_of, decades, steps
from crosstune.presentation.markup import latex_table, write_tables
from crosstune.presentation.tables import Column, ReportTable, number, text


def a_table(*names: str) -> ReportTable:
    columns = (Column("a_b", ("a",), "text"), Column("50 %", ("b",)))
    return ReportTable("t", "A & B", columns, tuple((text(n), number(1.5)) for n in names))


def test_no_character_of_a_name_is_a_command_of_latex() -> None:
    shown = latex_table(a_table(r"\input{x} #1 $y$ ^~"), "t")
    assert r"\textbackslash{}input\{x\} \#1 \$y\$ \textasciicircum{}\textasciitilde{}" in shown
    assert r"a\_b & 50 \% \\" in shown
    assert r"\caption{A \& B}" in shown


def test_tables_of_one_name_share_the_csv_and_no_other_file(tmp_path) -> None:  # type: ignore[no-untyped-def]
    write_tables([a_table("x"), a_table("y")], tmp_path)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["t-2.md", "t-2.tex", "t.csv", "t.md", "t.tex"]
    assert (tmp_path / "t.csv").read_text() == "a,b\nx,1.5\ny,1.5\n"
    assert "| y | 1.5 |" in (tmp_path / "t-2.md").read_text()


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("values", [[1.0, 2.0], [5.0], [], [1e-300, 1e300], [3.0, float("inf")]])
def test_an_axis_shows_every_finite_value_between_its_ends(values: list[float], log: bool) -> None:
    axis = axis_of(values, log=log)
    assert axis.low < axis.high
    finite = [value for value in values if value < float("inf")]
    assert all(0 <= axis.share(value) <= 1 for value in finite)
    assert axis.ticks


def test_ticks_are_round() -> None:
    assert [words for _, words in steps(-1.0, 3.0, 4)] == ["-1", "0", "1", "2", "3"]
    assert [words for _, words in decades(0.5, 0.7)] == ["0.5", "0.7"]
