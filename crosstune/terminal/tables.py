"""Tables for narrow terminals that break no name and no number."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

EDGES = 3
"""Width of a column beside its text: a space on both sides, and a line."""

INDENT = 2
"""Indentation of a name in a block; its value has twice that."""


def fitted(table: Table, width: int) -> RenderableType:
    """The table if it fits between word breaks, else transposed, else one block per row.

    A table without rows is not shown.

    Args:
        table: has a heading for each column.
        width: of the terminal, in characters.
    """
    columns = [[_text(column.header), *map(_text, column.cells)] for column in table.columns]
    if not table.rows:
        return Group()
    if _fits(table, columns, width):
        return _with_title(table, columns)
    turned = Table(title=table.title, title_justify="left")
    for head in columns[0]:
        turned.add_column(head, overflow="fold")
    for column in columns[1:]:
        turned.add_row(*column)
    rows = list(zip(*columns, strict=True))
    if _fits(turned, rows, width):
        return _with_title(turned, rows)
    return _blocks(table, columns, width)


def _fits(table: Table, columns: Sequence[Sequence[Text]], width: int) -> bool:
    """Whether each word fits on a line; if so, sets the widths of the columns."""
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


def _with_title(table: Table, columns: Sequence[Sequence[Text]]) -> RenderableType:
    """The table, with its title as text above it if a word of the title is wider than the table."""
    title = table.title
    least = sum(max(map(_longest_word, column)) + EDGES for column in columns) + 1
    if title is None or _longest_word(_text(title)) <= least:
        return table
    table.title = None
    return Group(title, table)


def _blocks(table: Table, columns: Sequence[Sequence[Text]], width: int) -> RenderableType:
    """Each row as its first cell, and one line per further cell that is not empty.

    A value that does not fit beside its name is below it.
    """
    heads = [column[0] for column in columns]
    parts: list[RenderableType] = [] if table.title is None else [table.title]
    for first, *others in zip(*(column[1:] for column in columns), strict=True):
        parts.append(Text.assemble(heads[0], " ", first))
        left = max(map(_longest_line, heads[1:]), default=0) + INDENT + 2
        if left + max(map(_longest_word, others), default=0) > width:
            for head, cell in zip(heads[1:], others, strict=True):
                if cell.plain:
                    parts += [
                        Padding(head, (0, 0, 0, INDENT)),
                        Padding(cell, (0, 0, 0, 2 * INDENT)),
                    ]
            continue
        lines = Table.grid(padding=(0, 2))
        lines.add_column(no_wrap=True)
        lines.add_column(overflow="fold")
        for head, cell in zip(heads[1:], others, strict=True):
            if cell.plain:
                lines.add_row(Text.assemble(" " * INDENT, head), cell)
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
