"""A table for a narrow terminal: no name and no number is broken in two."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

EDGES = 3
"""What a column takes beside its text: a space on both sides, and a line."""


def fitted(table: Table, width: int) -> RenderableType:
    """The table, wrapped between words; or turned on its side; or its rows as blocks of lines.

    Args:
        table: with a heading over each column.
        width: of the terminal, in characters.
    """
    columns = [[_text(column.header), *map(_text, column.cells)] for column in table.columns]
    if _fits(table, columns, width):
        return table
    turned = Table(title=table.title, title_justify="left")
    for head in columns[0]:
        turned.add_column(head, overflow="fold")
    for column in columns[1:]:
        turned.add_row(*column)
    if _fits(turned, list(zip(*columns, strict=True)), width):
        return turned
    return _blocks(table, columns)


def _fits(table: Table, columns: Sequence[Sequence[Text]], width: int) -> bool:
    """Whether each word has room on a line; if so, the columns are as wide as that takes."""
    least = [max(map(_longest_word, column)) for column in columns]
    most = [max(map(_longest_line, column)) for column in columns]
    room = width - EDGES * len(columns) - 1
    left = room - sum(least)
    if left < 0:
        return False
    if sum(most) <= room:
        return True
    for index in sorted(range(len(columns)), key=lambda i: most[i] - least[i]):
        more = min(most[index] - least[index], left)
        table.columns[index].width = least[index] + more
        left -= more
    return True


def _blocks(table: Table, columns: Sequence[Sequence[Text]]) -> RenderableType:
    """Each row as its first cell, and a line for each further one that says something."""
    heads = [column[0] for column in columns]
    parts: list[RenderableType] = [] if table.title is None else [table.title]
    for first, *others in zip(*(column[1:] for column in columns), strict=True):
        parts.append(Text.assemble(heads[0], " ", first))
        lines = Table.grid(padding=(0, 2))
        lines.add_column(no_wrap=True)
        lines.add_column(overflow="fold")
        for head, cell in zip(heads[1:], others, strict=True):
            if cell.plain:
                lines.add_row(Text.assemble("  ", head), cell)
        parts.append(lines)
    return Group(*parts)


def _text(cell: RenderableType) -> Text:
    if isinstance(cell, Text):
        return cell
    return Text.from_markup(cell) if isinstance(cell, str) else Text(str(cell))


def _longest_word(text: Text) -> int:
    return max(map(cell_len, text.plain.split()), default=0)


def _longest_line(text: Text) -> int:
    return max(map(cell_len, text.plain.splitlines()), default=0)
