"""The statistics of a match: `summarize` for a fixed number of seeds, `Sequential` for rounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crosstune.system.lazy_names import on_first_use

if TYPE_CHECKING:
    from crosstune.benchmarks.statistics.sequential import Decision, Sequential
    from crosstune.benchmarks.statistics.summary import summarize

_HOMES = {
    "Decision": "crosstune.benchmarks.statistics.sequential",
    "Sequential": "crosstune.benchmarks.statistics.sequential",
    "summarize": "crosstune.benchmarks.statistics.summary",
}

__all__ = ["Decision", "Sequential", "summarize"]


if not TYPE_CHECKING:  # type checkers read the imports above
    __getattr__, __dir__ = on_first_use(__name__, _HOMES)
