"""A match of many samplers on many problems as a section of a page, at several budgets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from crosstune.benchmarks.match.results import Results
from crosstune.benchmarks.statistics import summarize
from crosstune.benchmarks.statistics.precision import (
    between,
    counted,
    duration,
    half,
    percent,
    rounded,
)
from crosstune.benchmarks.statistics.verdicts import Ranking, Standing, Summary

BUDGETS = (10, 25, 50, 100)
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


def section(title: str, results: Results) -> str:
    """Standings at each budget, the verdicts at the last, and every problem, in Markdown."""
    settings = results.settings
    budgets = [budget for budget in BUDGETS if budget <= (settings.trials or 0)]
    found = {budget: summarize(cut(results, budget), axes=()) for budget in budgets}
    last = found[budgets[-1]]
    versions = ", ".join(f"{name} {version}" for name, version in settings.versions.items())
    machine = ", ".join(settings.machine.values())
    parts = [
        f"## {title}",
        f"{counted(len(settings.problems), 'problem')}, "
        f"{counted(settings.seeds, 'seed')}, {settings.trials} trials. {versions}. "
        f"{machine} cores.",
        standings(found),
        f"**After {budgets[-1]} trials.** {last.rankings[0].sentence}",
        against(last.rankings[0]),
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
