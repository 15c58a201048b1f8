"""The outcome of a match: its verdict, tables, curves and report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from crosstune.benchmarks.match.results import Results
from crosstune.benchmarks.report import curves_of, markdown, write_report
from crosstune.benchmarks.statistics.verdicts import Summary
from crosstune.errors import RequestError, no_such
from crosstune.terminal.html import html_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Comparison:
    """The outcome of a match.

    Attributes:
        results: every evaluation.
        summary: the statistics and the verdicts.
        folder: holds the results; None for a match in memory.

    `print(comparison)` shows the verdict and the tables.
    """

    results: Results
    summary: Summary
    folder: Path | None = None

    @property
    def sentence(self) -> str:
        """The verdict in plain words."""
        return self.summary.verdict.sentence

    def __str__(self) -> str:
        return markdown(self.results, self.summary)

    def _repr_html_(self) -> str:
        pairs = [
            (pair.a, pair.verdict, pair.b, f"{pair.p_difference:.2g}", pair.n)
            for pair in self.summary.verdict.pairs
        ]
        header = ("contender", "is", "than", "p", self.summary.verdict.unit + "s")
        return html_table(self.sentence, header, pairs, notes=self.summary.notes)

    def plot(self, problem: str | None = None) -> Figure:
        """The best value so far of each contender, as a matplotlib figure: mean and interval.

        Args:
            problem: its name; None for the first.

        Raises:
            RequestError: the match has no such problem.
        """
        names = [about.name for about in self.results.settings.problems]
        if problem is not None and problem not in names:
            raise RequestError(no_such("problem", problem, names))
        return curves_of(self.results, self.summary, problem or names[0])

    def write_report(self, folder: str | Path | None = None) -> Path:
        """Write report.html, its tables and figures, and return the path of the page.

        Args:
            folder: defaults to the folder of the results.

        Raises:
            RequestError: the match was in memory and no folder was passed.
        """
        place = folder or self.folder
        if place is None:
            raise RequestError("the match was in memory: say in which folder the report goes")
        return write_report(self.results, self.summary, Path(place))
