"""A match of many samplers on many problems as a section of a page, at several budgets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from crosstune.benchmarks.match.results import Results
from crosstune.benchmarks.statistics import intervals, summarize
from crosstune.benchmarks.statistics.precision import between, half
from crosstune.benchmarks.statistics.summary import usable
from crosstune.benchmarks.statistics.verdicts import Ranking, Standing, Summary
from crosstune.errors import RequestError
from crosstune.presentation.numbers import counted, duration, percent, rounded

BUDGETS = (10, 25, 50, 100, 200)
"""Trials at which the contenders are compared."""

AGAINST = "optuna:tpe"
"""Whom everybody is compared with: the default of the most used library."""


def cut(results: Results, trials: int) -> Results:
    """The match after that many trials of each run."""
    runs = {
        key: replace(
            run,
            evaluations=tuple(trial for trial in run.evaluations if trial.number < trials),
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
    budgets = _budgets(settings.trials or 0)
    summaries = {}
    for budget in budgets:
        with suppress(RequestError):  # no trial is feasible so early
            summaries[budget] = summarize(cut(results, budget), axes=())
    last = summaries[budgets[-1]]
    versions = ", ".join(f"{name} {version}" for name, version in settings.versions.items())
    machine = ", ".join(settings.machine.values())
    parts = [
        f"{head} {title}",
        f"{counted(len(settings.problems), 'problem')}, "
        f"{counted(settings.seeds, 'seed')}, {settings.trials} trials. {versions}. "
        f"{machine} cores.",
        standings(summaries),
        f"**After {budgets[-1]} trials.** {last.rankings[0].sentence}",
        against(last.rankings[0], other),
        by_problem(last),
        *(f"- {note}" for note in last.notes),
        f"`{settings.command}`",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def standings(summaries: Mapping[int, Summary]) -> str:
    """One row per contender: its normalised regret at each budget, its rank and its cost.

    Under constraints, also the share of its trials that are feasible.
    """
    last = list(summaries.values())[-1]
    rows_at = {
        budget: {standing.contender: standing for standing in summary.standings}
        for budget, summary in summaries.items()
    }
    constrained = any(standing.feasible is not None for standing in last.standings)
    heads = ["contender", *(f"regret after {budget}" for budget in summaries), "rank"]
    heads += [*(["feasible"] if constrained else []), "a proposal"]
    rows = []
    for standing in last.standings:
        cells = [_with_interval(rows_at[budget][standing.contender]) for budget in summaries]
        cells.append(rounded(standing.rank, 0.1))
        if constrained:
            cells.append("" if standing.feasible is None else percent(standing.feasible))
        rows.append([f"`{standing.contender}`", *cells, duration(standing.sampler_seconds)])
    return markdown_table(heads, rows)


def against(ranking: Ranking, other: str = AGAINST) -> str:
    """One row per contender: its lead over one other contender."""
    rows: list[list[str]] = []
    for contender in (name for pair in ranking.pairs for name in (pair.a, pair.b)):
        pair = ranking.between(contender, other)
        if pair is None or any(row[0] == f"`{contender}`" for row in rows):
            continue
        seen = pair.seen_from(contender)
        ahead = rounded(seen.advantage, half(seen.interval))
        rows.append(
            [
                f"`{contender}`",
                f"{ahead} ({between(seen.interval)})",
                percent(seen.wins),
                seen.verdict,
            ]
        )
    return markdown_table([f"against `{other}`", "ahead by (95 %)", "wins", "verdict"], rows)


def wins(title: str, matches: Sequence[Results], ours: str) -> str:
    """One row per rival: how likely one contender ends better, over the problems of all matches.

    Args:
        title: the heading of the first column.
        matches: those without both contenders are left out of a row.
        ours: label of the contender.
    """
    budgets = _budgets(max(match.settings.trials or 0 for match in matches))
    rivals = dict.fromkeys(name for match in matches for name in match.settings.contenders)
    rows = []
    for rival in rivals:
        met = _first_of(
            match for match in matches if {ours, rival} <= set(match.settings.contenders)
        )
        if rival == ours or not met:
            continue
        counts = f"{sum(len(match.settings.problems) for match in met)}"
        seeds = " or ".join(str(n) for n in sorted({match.settings.seeds for match in met}))
        cells = [
            chance_to_win(
                [row for match in met for row in _ahead(match, budget, ours, rival).values()]
            )
            for budget in budgets
        ]
        rows.append([f"`{rival}`", counts, seeds, *cells])
    heads = ["rival", "problems", "seeds", *(f"after {budget}" for budget in budgets)]
    return f"## {title}\n\n{markdown_table(heads, rows)}\n"


def wins_by_kind(results: Results, ours: str, rival: str, kind: Callable[[str], str]) -> str:
    """One row per kind of problems, the worst at the last budget first.

    Args:
        results: of a match with both contenders.
        ours, rival: labels of the contenders.
        kind: of a problem, by its name.
    """
    budgets = _budgets(results.settings.trials or 0)
    ahead = [_ahead(results, budget, ours, rival) for budget in budgets]
    of_kind = {
        name: [[row for at, row in rows.items() if kind(at) == name] for rows in ahead]
        for name in dict.fromkeys(kind(at) for at in ahead[-1])
    }
    order = sorted(of_kind, key=lambda name: float(np.mean(of_kind[name][-1])))
    rows = [[name, *map(chance_to_win, of_kind[name])] for name in order]
    heads = [f"against `{rival}`", *(f"after {budget}" for budget in budgets)]
    return markdown_table(
        heads, [*rows, ["all", *(chance_to_win([*rows.values()]) for rows in ahead)]]
    )


def _budgets(trials: int) -> list[int]:
    """Those of `BUDGETS` in so many trials, and the end."""
    return [*(budget for budget in BUDGETS if budget < trials), trials]


def _first_of(matches: Iterable[Results]) -> list[Results]:
    """The matches without those whose problems were in an earlier one."""
    distinct: list[Results] = []
    seen: set[str] = set()
    for match in matches:
        names = {about.name for about in match.settings.problems}
        if not names & seen:
            distinct.append(match)
        seen |= names
    return distinct


def final_heights(results: Results, budget: int) -> dict[str, NDArray[np.float64]]:
    """By problem the scores after a budget, higher is better; shape (contenders, seeds)."""
    if budget > (results.settings.trials or 0):
        return {}
    problems, _ = usable(cut(results, budget))
    return {problem.about.name: problem.tuned.heights for problem in problems}


def share_ahead(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> NDArray[np.float64]:
    """1, 1/2 or 0 for each seed, as one contender is ahead of another, level or behind."""
    return np.asarray((ours > theirs) + 0.5 * (ours == theirs))


def _ahead(results: Results, budget: int, ours: str, rival: str) -> dict[str, NDArray[np.float64]]:
    """By problem, the seeds under which one contender is ahead."""
    names = results.settings.contenders
    return {
        name: share_ahead(heights[names.index(ours)], heights[names.index(rival)])
        for name, heights in final_heights(results, budget).items()
    }


def chance_to_win(rows: Sequence[NDArray[np.float64]]) -> str:
    """The chance to end ahead, with its interval; "" without problems.

    Args:
        rows: of each problem, shares as of `share_ahead`.
    """
    if not rows:
        return ""
    interval = intervals.of_draws(intervals.hierarchical([row[None] for row in rows])[0])
    mean = float(np.mean([row.mean() for row in rows]))
    return (
        f"{rounded(mean, 0.01)} ({rounded(interval.low, 0.01)} to {rounded(interval.high, 0.01)})"
    )


def by_problem(summary: Summary) -> str:
    """One row per problem: the normalised regret of each contender, the best in bold."""
    names = [standing.contender for standing in summary.standings]
    rows = []
    for problem, standings in summary.by_problem.items():
        regrets = {standing.contender: standing.regret for standing in standings}
        least = min((value for value in regrets.values() if value is not None), default=None)
        rows.append([problem, *(_best(regrets.get(name), least) for name in names)])
    return markdown_table(["regret", *(f"`{name}`" for name in names)], rows)


def _with_interval(standing: Standing) -> str:
    return f"{rounded(standing.score, half(standing.interval))} ({between(standing.interval)})"


def _best(value: float | None, least: float | None) -> str:
    text = rounded(value, 0.01)
    return f"**{text}**" if value is not None and value == least else text


def markdown_table(heads: list[str], rows: list[list[str]]) -> str:
    """A table in Markdown, whose first column is text; "" without rows."""
    if not rows:
        return ""
    lines = [heads, ["---", *("---:" for _ in heads[1:])], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
