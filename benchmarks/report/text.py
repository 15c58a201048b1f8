"""The report as Markdown, and on a terminal."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from crosstune.benchmarks.match.results import Results
from crosstune.benchmarks.report import standings
from crosstune.benchmarks.report.sections import Section, asked, sections
from crosstune.benchmarks.report.tables import ReportTable, plain
from crosstune.benchmarks.statistics.verdicts import Summary

_MARKS = re.compile(r"[\\`*\[\]|~#]|(?<!\w)_|_(?!\w)")


def markdown(results: Results, summary: Summary) -> str:
    """The report in GitHub's Markdown: the verdict, then every table."""
    return composed(results, summary, sections(results, summary))


def composed(
    results: Results, summary: Summary, content: Sequence[Section], *, pictures: bool = False
) -> str:
    """The Markdown of existing sections.

    Args:
        results, summary: the match and its statistics.
        content: the result of `sections`.
        pictures: whether to embed the figures that `write_report` writes.
    """
    parts = [
        "# Head to head",
        f"**{escaped(summary.verdict.sentence)}**",
        escaped(asked(results.settings)),
        _table(standings.verdict(summary)),
    ]
    for section in content:
        parts += [f"## {escaped(section.title)}", escaped(section.reading)]
        if pictures:
            parts += [
                f"![{escaped(picture.title)}](figures/{picture.name}.png)"
                for picture in section.pictures
            ]
        for table in (*section.tables, *section.folded):
            parts += [f"{escaped(table.caption)}:", _table(table)]
        if section.remarks:
            parts.append("\n".join(f"- {escaped(remark)}" for remark in section.remarks))
        for title, code in section.code:
            parts += [f"{escaped(title)}:", _fenced(code)]
    return "\n\n".join(parts) + "\n"


def terminal(results: Results, summary: Summary, console: Console) -> None:
    """Print the verdict and the tables, but not the folded ones.

    Args:
        results, summary: the match and its statistics.
        console: where to print.
    """
    console.print(Text(plain(summary.verdict.sentence), style="bold"))
    console.print(Text(plain(asked(results.settings)), style="dim"))
    console.print()
    console.print(_rich(standings.verdict(summary)))
    for section in sections(results, summary):
        if not (section.tables or section.remarks or section.code):
            continue
        console.print()
        console.print(Text(plain(section.title), style="bold"))
        console.print(Text(plain(section.reading), style="dim"))
        for table in section.tables:
            console.print(_rich(table))
        for remark in section.remarks:
            console.print(Text(f"- {plain(remark)}"))
        for title, code in section.code:
            console.print(Text(f"{plain(title)}:"))
            shown = Text("\n".join(plain_line(line) for line in code.splitlines()))
            console.print(Padding(shown, (0, 0, 0, 2)))


def plain_line(line: str) -> str:
    """A line with its indentation, without control characters."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in line)


def escaped(words: object) -> str:
    """Text on one line, escaped for Markdown.

    >>> escaped("<b>keras_tuner</b> *")
    '&lt;b&gt;keras_tuner&lt;/b&gt; \\\\*'
    """
    line = plain(words).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKS.sub(lambda match: f"\\{match[0]}", line)


def _table(table: ReportTable) -> str:
    heads = [escaped(head) or " " for head in table.heads]
    lines = [
        f"| {' | '.join(heads)} |",
        f"|{'|'.join('---:' if c.kind == 'number' else '---' for c in table.columns)}|",
    ]
    lines += [f"| {' | '.join(escaped(cell.text) for cell in row)} |" for row in table.rows]
    return "\n".join(lines)


def _fenced(code: str) -> str:
    longest = max((len(run) for run in re.findall(r"`+", code)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{code}\n{fence}"


def _rich(table: ReportTable) -> RichTable:
    shown = RichTable(title=Text(plain(table.caption)), title_justify="left")
    for column in table.columns:
        justify = "right" if column.kind == "number" else "left"
        shown.add_column(Text(plain(column.head)), justify=justify, overflow="fold")  # type: ignore[arg-type]
    for row in table.rows:
        shown.add_row(*(Text(cell.text) for cell in row))
    return shown
