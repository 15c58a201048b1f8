"""The figure of anytime curves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crosstune.benchmarks.statistics.verdicts import IncumbentCurve
from crosstune.presentation.tables import plain


@dataclass(frozen=True)
class Curves:
    """The anytime curves of one problem.

    Attributes:
        lines: by axis and contender.
        best_known: drawn as a horizontal line, or None.
    """

    name: str
    problem: str
    metric: str
    maximize: bool
    lines: Mapping[str, Mapping[str, IncumbentCurve]]
    best_known: float | None

    @property
    def title(self) -> str:
        """A description of the figure."""
        return f"The best {plain(self.metric)} so far on {plain(self.problem)}"
