"""The sections of a report, and their text as Markdown and on a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from rich.console import Console
from rich.text import Text

from crosstune.presentation.markup import (
    console_table,
    escaped,
    fenced,
    markdown_table,
    plain_line,
)
from crosstune.presentation.tables import ReportTable, plain


class Figure(Protocol):
    """A figure of any kind."""

    @property
    def name(self) -> str:
        """The name of its files."""

    @property
    def title(self) -> str:
        """Its text for screen readers."""


@dataclass(frozen=True)
class Section:
    """A heading and its content.

    Attributes:
        key: the anchor on the page.
        reading: how to read it, in a line or two.
        tables, pictures: shown in this order, pictures first.
        folded: tables that the page opens on demand.
        remarks: shown as a list.
        code: titles and texts that are shown verbatim.
    """

    key: str
    title: str
    reading: str
    tables: tuple[ReportTable, ...] = ()
    pictures: tuple[Figure, ...] = ()
    folded: tuple[ReportTable, ...] = ()
    remarks: tuple[str, ...] = ()
    code: tuple[tuple[str, str], ...] = ()


def every_table(sections: Iterable[Section]) -> list[ReportTable]:
    """The tables of all sections, in order."""
    return [table for section in sections for table in (*section.tables, *section.folded)]


def as_markdown(sections: Iterable[Section], *, pictures: bool = False) -> list[str]:
    """The paragraphs of sections in Markdown.

    Args:
        sections: in order.
        pictures: whether to embed the figures, from the folder figures.
    """
    parts = []
    for section in sections:
        parts += [f"## {escaped(section.title)}", escaped(section.reading)]
        if pictures:
            parts += [
                f"![{escaped(picture.title)}](figures/{picture.name}.png)"
                for picture in section.pictures
            ]
        for table in (*section.tables, *section.folded):
            parts += [f"{escaped(table.caption)}:", markdown_table(table)]
        if section.remarks:
            parts.append("\n".join(f"- {escaped(remark)}" for remark in section.remarks))
        for title, code in section.code:
            parts += [f"{escaped(title)}:", fenced(code)]
    return parts


def show(sections: Iterable[Section], console: Console) -> None:
    """Print sections without their folded tables.

    Args:
        sections: in order; those with figures alone are left out.
        console: where to print.
    """
    for section in sections:
        if not (section.tables or section.remarks or section.code):
            continue
        console.print()
        console.print(Text(plain(section.title), style="bold"))
        console.print(Text(plain(section.reading), style="dim"))
        for table in section.tables:
            console.print(console_table(table))
        for remark in section.remarks:
            console.print(Text(f"- {plain(remark)}"))
        for title, code in section.code:
            console.print(Text(f"{plain(title)}:"))
            for line in code.splitlines():
                console.print(Text(f"  {plain_line(line)}"), soft_wrap=True)  # to be copied
