"""Contenders that evaluated the same points, such as two searches in their random start-up."""

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
    """The pairs, undecided if they evaluated the same points in every run.

    Args:
        pairs: with their verdicts.
        names: the contenders, in the order of the runs of `problems`.
        problems: with the runs to compare.
        startup: by name, the number of random points that come first.
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
    """True if all runs of both have the same points, and every trial has its point."""
    return all(
        len(a.evaluations) == len(b.evaluations)
        and all(
            x.params and repr(dict(x.params)) == repr(dict(y.params))
            for x, y in zip(a.evaluations, b.evaluations, strict=True)
        )
        for rows in zip(one, other, strict=True)
        for a, b in zip(*rows, strict=True)
    )
