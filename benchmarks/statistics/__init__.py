"""The statistics of a match: `summarize` for a fixed number of seeds, `Sequential` for rounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crosstune.benchmarks.statistics.sequential import Decision, Sequential
    from crosstune.benchmarks.statistics.summary import summarize

_HOMES = {"Decision": "sequential", "Sequential": "sequential", "summarize": "summary"}

__all__ = ["Decision", "Sequential", "summarize"]


if not TYPE_CHECKING:  # a checker reads the imports above, and reports a typo

    def __getattr__(name: str) -> object:
        # On first use: `verdicts` is read where scipy may be missing.
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
