"""The report as files in a folder."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from crosstune.benchmarks.match.results import Results
from crosstune.benchmarks.report import standings
from crosstune.benchmarks.report.palette import looks
from crosstune.benchmarks.report.sections import sections
from crosstune.benchmarks.report.tables import ReportTable, as_csv
from crosstune.benchmarks.report.text import composed
from crosstune.benchmarks.statistics.verdicts import Summary
from crosstune.errors import RequestError
from crosstune.system.extras import needing


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
