"""A match of many samplers on many problems as a section of a page, at several budgets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from crosstune.benchmarks.match.results import Results
from crosstune.benchmarks.statistics import intervals, summarize
from crosstune.benchmarks.statistics.precision import (
    between,
    counted,
    duration,
    half,
    percent,
    rounded,
)
from crosstune.benchmarks.statistics.summary import usable
from crosstune.benchmarks.statistics.verdicts import Ranking, Standing, Summary

BUDGETS = (10, 25, 50, 100, 200)
"""Trials at which the contenders are compared."""

AGAINST = "optuna:tpe"
"""Whom everybody is compared with: the default of the most used library."""


def cut(results: Results, trials: int) -> Results:
    """The match as it stood after so many trials of each run."""
    runs = {
        key: replace(
            run, evaluations=tuple(each for each in run.evaluations if each.number < trials)
        )
        for key, run in results.runs.items()
    }
    return replace(results, settings=replace(results.settings, trials=trials), runs=runs)


def section(title: str, results: Results, head: str = "##", other: str = AGAINST) -> str:
    """Standings at each budget, the verdicts at the last, and every problem, in Markdown.

    Args:
        head: of the section.
        other: whom everybody is compared with.
    """
    settings = results.settings
    budgets = [budget for budget in BUDGETS if budget <= (settings.trials or 0)]
    found = {budget: summarize(cut(results, budget), axes=()) for budget in budgets}
    last = found[budgets[-1]]
    versions = ", ".join(f"{name} {version}" for name, version in settings.versions.items())
    machine = ", ".join(settings.machine.values())
    parts = [
        f"{head} {title}",
        f"{counted(len(settings.problems), 'problem')}, "
        f"{counted(settings.seeds, 'seed')}, {settings.trials} trials. {versions}. "
        f"{machine} cores.",
        standings(found),
        f"**After {budgets[-1]} trials.** {last.rankings[0].sentence}",
        against(last.rankings[0], other),
        by_problem(last),
        *(f"- {note}" for note in last.notes),
        f"`{settings.command}`",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def standings(found: Mapping[int, Summary]) -> str:
    """A row a contender: its normalised regret at each budget, its rank and its cost."""
    last = list(found.values())[-1]
    held = {
        budget: {each.contender: each for each in summary.standings}
        for budget, summary in found.items()
    }
    heads = ["contender", *(f"regret after {budget}" for budget in found), "rank", "a proposal"]
    rows = []
    for each in last.standings:
        cells = [_with_interval(held[budget][each.contender]) for budget in found]
        rank = rounded(each.rank, 0.1)
        rows.append([f"`{each.contender}`", *cells, rank, duration(each.sampler_seconds)])
    return _table(heads, rows)


def against(ranking: Ranking, other: str = AGAINST) -> str:
    """A row a contender: how far it is ahead of one and the same other."""
    rows: list[list[str]] = []
    for contender in (each for pair in ranking.pairs for each in (pair.a, pair.b)):
        pair = ranking.between(contender, other)
        if pair is None or any(row[0] == f"`{contender}`" for row in rows):
            continue
        seen = pair if pair.a == contender else pair.flipped()
        ahead = rounded(seen.advantage, half(seen.interval))
        rows.append(
            [
                f"`{contender}`",
                f"{ahead} ({between(seen.interval)})",
                percent(seen.wins),
                seen.verdict,
            ]
        )
    return _table([f"against `{other}`", "ahead by (95 %)", "wins", "verdict"], rows)


def wins(title: str, matches: Sequence[Results], ours: str) -> str:
    """A row a rival: how likely one contender ends better, over all problems of several matches."""
    budgets = [
        budget
        for budget in BUDGETS
        if any(budget <= (each.settings.trials or 0) for each in matches)
    ]
    rivals = dict.fromkeys(name for each in matches for name in each.settings.contenders)
    rows = []
    for rival in rivals:
        met = _first_of(each for each in matches if {ours, rival} <= set(each.settings.contenders))
        if rival == ours or not met:
            continue
        counts = f"{sum(len(each.settings.problems) for each in met)}"
        seeds = " or ".join(str(n) for n in sorted({each.settings.seeds for each in met}))
        cells = [
            _chance([row for each in met for row in _ahead(each, budget, ours, rival)])
            for budget in budgets
        ]
        rows.append([f"`{rival}`", counts, seeds, *cells])
    heads = ["rival", "problems", "seeds", *(f"after {budget}" for budget in budgets)]
    return f"## {title}\n\n{_table(heads, rows)}\n"


def _first_of(matches: Iterable[Results]) -> list[Results]:
    """The matches without those whose problems an earlier one has had."""
    found: list[Results] = []
    seen: set[str] = set()
    for each in matches:
        names = {about.name for about in each.settings.problems}
        if not names & seen:
            found.append(each)
        seen |= names
    return found


def _ahead(results: Results, budget: int, ours: str, rival: str) -> list[NDArray[np.float64]]:
    """For each problem 1, 1/2 or 0 a seed, as one contender is ahead, level or behind."""
    if budget > (results.settings.trials or 0):
        return []
    problems, _ = usable(cut(results, budget))
    names = results.settings.contenders
    differences = [
        each.tuned.heights[names.index(ours)] - each.tuned.heights[names.index(rival)]
        for each in problems
    ]
    return [(row > 0) + 0.5 * (row == 0) for row in differences]


def _chance(rows: Sequence[NDArray[np.float64]]) -> str:
    if not rows:
        return ""
    interval = intervals.of_draws(intervals.hierarchical([row[None] for row in rows])[0])
    mean = float(np.mean([row.mean() for row in rows]))
    return (
        f"{rounded(mean, 0.01)} ({rounded(interval.low, 0.01)} to {rounded(interval.high, 0.01)})"
    )


def by_problem(summary: Summary) -> str:
    """A row a problem: the normalised regret of each contender, the best one in bold."""
    names = [each.contender for each in summary.standings]
    rows = []
    for problem, standings in summary.by_problem.items():
        regrets = {each.contender: each.regret for each in standings}
        least = min((value for value in regrets.values() if value is not None), default=None)
        rows.append([problem, *(_best(regrets.get(name), least) for name in names)])
    return _table(["regret", *(f"`{name}`" for name in names)], rows)


def _with_interval(standing: Standing) -> str:
    return f"{rounded(standing.score, half(standing.interval))} ({between(standing.interval)})"


def _best(value: float | None, least: float | None) -> str:
    text = rounded(value, 0.01)
    return f"**{text}**" if value is not None and value == least else text


def _table(heads: list[str], rows: list[list[str]]) -> str:
    if not rows:
        return ""
    lines = [heads, ["---", *("---:" for _ in heads[1:])], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
