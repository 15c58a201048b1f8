"""A part of the report, before it has a form."""

from __future__ import annotations

from dataclasses import dataclass

from crosstune.benchmarks.report.figures import Curves, Dots
from crosstune.benchmarks.report.ranks import Diagram
from crosstune.benchmarks.report.tables import ReportTable
from crosstune.benchmarks.statistics.verdicts import Ranking

Picture = Curves | Dots | Diagram


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it.

    Attributes:
        key: in the page's addresses.
        reading: how to read it, in a line or two.
        tables, pictures: shown in this order, pictures first.
        folded: tables that the page opens on demand.
        remarks: what has to be known beside them.
        code: text with a title that is shown as it is.
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
