"""A section of the report, independent of its format."""

from __future__ import annotations

from dataclasses import dataclass

from crosstune.benchmarks.report.plots import Curves, Dots
from crosstune.benchmarks.report.ranks import Diagram
from crosstune.benchmarks.report.tables import ReportTable
from crosstune.benchmarks.statistics.verdicts import Ranking

Picture = Curves | Dots | Diagram


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
        matrix: the ranking whose pairs the page also shows as a square.
    """

    key: str
    title: str
    reading: str
    tables: tuple[ReportTable, ...] = ()
    pictures: tuple[Picture, ...] = ()
    folded: tuple[ReportTable, ...] = ()
    remarks: tuple[str, ...] = ()
    code: tuple[tuple[str, str], ...] = ()
    matrix: Ranking | None = None
