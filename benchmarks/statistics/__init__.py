"""The statistics of a match: `summarize` for a fixed number of seeds, `Sequential` for rounds."""

from crosstune.benchmarks.statistics.sequential import Decision, Sequential
from crosstune.benchmarks.statistics.summary import summarize

__all__ = ["Decision", "Sequential", "summarize"]
