"""A table for the page, the terminal, Markdown and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from crosstune.terminal.text import visible

Value = str | int | float | None
Row = TypeVar("Row")

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Column:
    """A column.

    Attributes:
        head: the displayed heading.
        fields: its columns in the CSV file.
        kind: "text", "number", "contender" (shown in its colour), or "verdict".
    """

    head: str
    fields: tuple[str, ...]
    kind: str = "number"


@dataclass(frozen=True)
class TableCell:
    """The displayed, rounded text and the exact values, one per field of its column."""

    text: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class ReportTable:
    """Rows under columns.

    Attributes:
        name: of its CSV file, without the suffix.
        caption: describes its content.
        long: the table of the CSV file, if the displayed one is wide.
    """

    name: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[TableCell, ...], ...]
    long: ReportTable | None = None

    @property
    def heads(self) -> list[str]:
        """The displayed headings."""
        return [column.head for column in self.columns]


def table(
    name: str,
    caption: str,
    rows: Iterable[Row],
    columns: Iterable[tuple[Column, Callable[[Row], TableCell]]],
    long: ReportTable | None = None,
) -> ReportTable:
    """A table of some objects.

    Args:
        name, caption, long: see `ReportTable`.
        rows: one object per row.
        columns: each with the function that makes the cell of an object.
    """
    columns = list(columns)
    cells = tuple(tuple(cell(row) for _, cell in columns) for row in rows)
    return ReportTable(name, caption, tuple(column for column, _ in columns), cells, long)


def text(value: object) -> TableCell:
    """A cell of text."""
    return TableCell(plain(value), (str(value),))


def number(value: float | None, shown: str = "") -> TableCell:
    """A cell with a number, shown in full by default."""
    return TableCell(shown or str(value), (value,))


def plain(value: object) -> str:
    """Text on one line, without control characters.

    >>> plain("a\\nb\\x1b[31m")
    'a b\ufffd[31m'
    """
    return visible(" ".join(str(value).split()))


def shortened(text: str, longest: int) -> str:
    """Text of at most `longest` letters; an ellipsis replaces the rest."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def as_csv(table: ReportTable) -> str:
    """The exact values, for a spreadsheet or pandas.

    Text that a spreadsheet would run as a formula gets an apostrophe in front.

    >>> formulas = table("t", "", ["=1+1", "=2"], [(Column("who", ("who",)), text)])
    >>> as_csv(formulas).splitlines()
    ['who', "'=1+1", "'=2"]
    """
    source = table.long or table
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([_safe(field) for column in source.columns for field in column.fields])
    for row in source.rows:
        writer.writerow([_safe(value) for cell in row for value in cell.values])
    return stream.getvalue()


def _safe(value: Value) -> Value:
    if isinstance(value, str) and value.lstrip(" ").startswith(_FORMULA):
        return f"'{value}"
    return value
