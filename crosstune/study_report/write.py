"""Writes the report of a study: page or Markdown, figures and tables."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from crosstune.errors import RequestError
from crosstune.presentation.markup import escaped, markdown_table, write_tables
from crosstune.presentation.numbers import moment
from crosstune.presentation.sections import Section, as_markdown, every_table
from crosstune.study_report import facts
from crosstune.study_report.charts import LOOKS
from crosstune.study_report.content import StudyContent
from crosstune.study_report.sections import headline, sections, state, subline
from crosstune.system.atomic_write import placed
from crosstune.system.extras import needing

SUFFIXES = (".html", ".htm", ".md")
"""The suffixes of a report's file."""


def write(
    content: StudyContent,
    out: Path | None,
    *,
    figures: Path | None = None,
    tables: Path | None = None,
) -> list[Path]:
    """Write the report of a study, and return the paths of all files.

    Args:
        content: of the study.
        out: a page (.html), or Markdown (.md); an earlier one is replaced. None for neither.
        figures: a folder for PNG, SVG and PDF files, made if it is absent.
        tables: a folder for CSV, Markdown and LaTeX files, made if it is absent.

    Raises:
        MissingLibrary: jinja2 or matplotlib is not installed.
        RequestError: a place cannot be written.
    """
    if out is not None:
        check_out(out)
    parts = sections(content)
    written = []
    try:
        if out is not None:
            text = markdown(content, parts) if out.suffix == ".md" else page(content, parts)
            out.parent.mkdir(parents=True, exist_ok=True)
            with placed(out, force=True) as part:
                part.write_text(text, encoding="utf-8")
            written.append(out)
        if tables is not None:
            tables.mkdir(parents=True, exist_ok=True)
            best = [] if content.several else [facts.best(content)]  # the front has a section
            written += write_tables([*best, *every_table(parts)], tables)
        if figures is not None:
            figures.mkdir(parents=True, exist_ok=True)
            with needing("figures", "crosstune[compare]", "matplotlib"):
                from crosstune.presentation.drawings import draw
            for section in parts:
                for picture in section.pictures:
                    written += draw(picture, LOOKS, figures)
    except OSError as error:
        raise RequestError(f"{error.filename or out} cannot be written: {error.strerror}") from None
    return written


def check_out(out: Path) -> None:
    """Raise RequestError for a file that is neither a page nor Markdown."""
    if out.suffix not in SUFFIXES:
        raise RequestError(f"a report is a file that ends in .html or .md, not {out}")


def page(content: StudyContent, parts: Sequence[Section]) -> str:
    """The report as one page that needs no network and no script.

    Raises:
        MissingLibrary: jinja2 is not installed.
    """
    with needing("the report", "crosstune[compare]", "jinja2"):
        from crosstune.presentation.page import rendered
    return rendered(
        (files("crosstune.study_report") / "page.html").read_text("utf-8"),
        looks=LOOKS,
        headline=headline(content),
        subline=subline(content),
        state=state(content),
        best=facts.best(content),
        sections=parts,
        version=version("crosstune"),
        made=moment(datetime.datetime.now()),
    )


def markdown(content: StudyContent, parts: Sequence[Section]) -> str:
    """The report in GitHub's Markdown: the outcome, then every table."""
    lines = [f"# {escaped(headline(content))}", escaped(subline(content))]
    if state(content):
        lines.append(escaped(state(content)))
    best = facts.best(content)
    lines += [markdown_table(best)] if len(best.columns) > 1 else []
    return "\n\n".join([*lines, *as_markdown(parts)]) + "\n"
