"""The report as Markdown, on a terminal, and as files in a folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from crosstune.benchmarks.match.results import Results
from crosstune.benchmarks.report import standings
from crosstune.benchmarks.report.sections import MatchSection, asked, sections
from crosstune.benchmarks.statistics.verdicts import Summary
from crosstune.errors import RequestError
from crosstune.presentation.markup import console_table, escaped, markdown_table, write_tables
from crosstune.presentation.palette import looks
from crosstune.presentation.sections import as_markdown, every_table, show
from crosstune.presentation.tables import plain
from crosstune.system.extras import needing


def markdown(results: Results, summary: Summary) -> str:
    """The report in GitHub's Markdown: the verdict, then every table."""
    return composed(results, summary, sections(results, summary))


def composed(
    results: Results, summary: Summary, content: Sequence[MatchSection], *, pictures: bool = False
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
        markdown_table(standings.verdict(summary)),
        *as_markdown(content, pictures=pictures),
    ]
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
    console.print(console_table(standings.verdict(summary)))
    show(sections(results, summary), console)


def write_report(results: Results, summary: Summary, folder: Path) -> Path:
    """Write report.html, report.md, and the folders tables and figures.

    Tables are CSV, Markdown and LaTeX files, figures PNG, SVG and PDF files.

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
        verdict, curves = standings.verdict(summary), standings.curve_table(summary)
        write_tables([verdict, *every_table(content), curves], folder / "tables")
        styles = looks(results.settings.contenders)
        for picture in (picture for section in content for picture in section.pictures):
            draw(picture, styles, folder / "figures")
    except OSError as error:
        raise RequestError(
            f"{error.filename or folder} cannot be written: {error.strerror}"
        ) from None
    return report
