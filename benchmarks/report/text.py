"""The report as Markdown, on a terminal, and as files in a folder."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from crosstune.benchmarks.match.results import Results
from crosstune.benchmarks.report import standings
from crosstune.benchmarks.report.palette import looks
from crosstune.benchmarks.report.sections import Section, asked, sections
from crosstune.benchmarks.report.tables import ReportTable, as_csv, plain
from crosstune.benchmarks.statistics.verdicts import Summary
from crosstune.errors import RequestError
from crosstune.system.extras import needing

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


def write_report(results: Results, summary: Summary, folder: Path) -> Path:
    """Write report.html, report.md, tables/*.csv and figures/*.png and *.svg into a folder.

    Args:
        results: the match.
        summary: its statistics.
        folder: created if absent. Files of an earlier report are replaced.

    Returns:
        The path of report.html, one file that needs no network.

    Raises:
        MissingLibrary: jinja2 or matplotlib is not installed.
        RequestError: the folder cannot be written.
    """
    with needing("the report", "crosstune[compare]", "jinja2", "matplotlib"):
        from crosstune.benchmarks.report.drawings import draw
        from crosstune.benchmarks.report.page import page
    report = folder / "report.html"
    content = sections(results, summary)
    try:
        for name in ("tables", "figures"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        report.write_text(page(results, summary, content), encoding="utf-8")
        text = composed(results, summary, content, pictures=True)
        (folder / "report.md").write_text(text, encoding="utf-8")
        every = [table for section in content for table in (*section.tables, *section.folded)]
        verdict = standings.verdict(summary)
        for name, table in joined([verdict, *every, standings.curve_table(summary)]).items():
            (folder / "tables" / f"{name}.csv").write_text(table, encoding="utf-8")
        styles = looks(results.settings.contenders)
        for picture in (picture for section in content for picture in section.pictures):
            draw(picture, styles, folder / "figures")
    except OSError as error:
        raise RequestError(
            f"{error.filename or folder} cannot be written: {error.strerror}"
        ) from None
    return report


def joined(tables: Iterable[ReportTable]) -> dict[str, str]:
    """The text of each CSV file by its name; tables with the same name share a file."""
    files: dict[str, str] = {}
    for table in tables:
        text = as_csv(table)
        if table.name in files:
            text = files[table.name] + text.partition("\n")[2]
        files[table.name] = text
    return files


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
