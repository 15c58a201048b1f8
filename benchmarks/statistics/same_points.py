"""Contenders that evaluated the same points, as two searches do within their random start-up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from crosstune.benchmarks.match.results import MatchRun
from crosstune.benchmarks.statistics.scores import ScoredProblem
from crosstune.benchmarks.statistics.verdicts import UNDECIDED, Pair


def told_apart(
    pairs: Sequence[Pair],
    names: Sequence[str],
    problems: Sequence[ScoredProblem],
    startup: Mapping[str, int],
) -> tuple[Pair, ...]:
    """The pairs, with an open verdict for those that evaluated the same points in every run.

    Args:
        names: the contenders, in the order of the runs of `problems`.
        startup: how many random points a contender begins with, by name.
    """
    rows = {name: [problem.runs[i] for problem in problems] for i, name in enumerate(names)}
    return tuple(
        replace(
            pair,
            verdict=UNDECIDED,
            more=None,
            same_points=True,
            random_for=min((startup[n] for n in (pair.a, pair.b) if n in startup), default=None),
        )
        if _same(rows[pair.a], rows[pair.b])
        else pair
        for pair in pairs
    )


def _same(one: Sequence[Sequence[MatchRun]], other: Sequence[Sequence[MatchRun]]) -> bool:
    """Whether every run of the one has the points of the other's, and none is without."""
    return all(
        len(a.evaluations) == len(b.evaluations)
        and all(
            x.params and repr(dict(x.params)) == repr(dict(y.params))
            for x, y in zip(a.evaluations, b.evaluations, strict=True)
        )
        for rows in zip(one, other, strict=True)
        for a, b in zip(*rows, strict=True)
    )
