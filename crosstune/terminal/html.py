"""Small tables of HTML, as a notebook shows an object. They work in light and dark themes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from crosstune.terminal.text import visible
from crosstune.terminal.urls import note_secrets, redacted

COLOURS = {"good": "#1a7f37", "fair": "#9a6700", "bad": "#cf222e"}


def html_text(value: object) -> str:
    """Text for HTML: without passwords and escape sequences, nothing of it is a tag."""
    text = str(value)
    note_secrets(text)
    return escape(visible(redacted(text)))


def html_table(
    title: str,
    header: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    kinds: Iterable[Sequence[str]] = (),
    notes: Iterable[str] = (),
) -> str:
    """A table with a title and notes.

    Args:
        title: above the table.
        header: names of the columns.
        rows: cells, shown as text; None is empty.
        kinds: a key of `COLOURS`, or "", for each cell of each row; empty for no colours.
        notes: lines below the table.
    """
    head = "".join(f'<th style="text-align:left">{html_text(name)}</th>' for name in header)
    colours = list(kinds)
    body = []
    for place, row in enumerate(rows):
        kind = colours[place] if colours else [""] * len(row)
        cells = "".join(_cell(*pair) for pair in zip(row, kind, strict=True))
        body.append(f"<tr>{cells}</tr>")
    below = "".join(f"<div>{html_text(note)}</div>" for note in notes)
    return (
        f'<div class="crosstune"><div><strong>{html_text(title)}</strong></div>'
        f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>{below}</div>"
    )


def _cell(value: object, kind: str) -> str:
    colour = f";color:{COLOURS[kind]}" if kind else ""
    shown = "" if value is None else html_text(value)
    return f'<td style="text-align:left{colour}">{shown}</td>'
