"""The report of a match: a page, Markdown, tables, figures, the terminal."""

from crosstune.benchmarks.report.drawings import curves_of
from crosstune.benchmarks.report.text import markdown, terminal, write_report

__all__ = ["curves_of", "markdown", "terminal", "write_report"]
