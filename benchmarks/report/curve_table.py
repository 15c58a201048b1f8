"""The anytime curves as a table, which is written as CSV only."""

from __future__ import annotations

import math

from crosstune.benchmarks.report.standings import CONTENDER, PROBLEM
from crosstune.benchmarks.report.tables import Column, ReportTable, TableCell, text
from crosstune.benchmarks.statistics.verdicts import Summary


def curve_table(summary: Summary) -> ReportTable:
    """One row per point: problem, contender, axis, budget, mean and band; empty if unknown."""
    rows = tuple(
        (
            text(problem),
            text(contender),
            text(axis),
            TableCell(
                "",
                tuple(
                    float(value) if math.isfinite(value) else None
                    for value in (
                        curve.budget[i],
                        curve.mean[i],
                        curve.low[i],
                        curve.high[i],
                    )
                ),
            ),
        )
        for problem, contenders in summary.curves.items()
        for contender, axes in contenders.items()
        for axis, curve in axes.items()
        for i in range(len(curve.budget))
    )
    columns = (
        PROBLEM,
        CONTENDER,
        Column("axis", ("axis",), "text"),
        Column("", ("budget", "mean", "low", "high")),
    )
    return ReportTable("curves", "The best so far", columns, rows)
