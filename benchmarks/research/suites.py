"""A match on several suites of problems: where one contender loses, and a section for each suite.

What the contender is worst at comes first: among the suites, and in each among its problems.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from crosstune.benchmarks.match.results import Results
from crosstune.benchmarks.problems.fronts import TABLES
from crosstune.benchmarks.research.league import (
    chance_to_win,
    final_heights,
    markdown_table,
    section,
    share_ahead,
)

SUITES = {
    "biobj": "Two metrics: functions of bbob-biobj",
    "constrained": "Constraints: functions of bbob-constrained",
    "tables": "Two metrics: tables of trainings",
    "surrogates": "Two metrics and a limit: surrogates of trained trees",
}
"""The suites with several metrics or constraints, and their titles."""

Ahead = Mapping[str, NDArray[np.float64]]
"""By rival 1, 1/2 or 0 for each seed, as the contender is ahead, level or behind."""


def suite(problem: str) -> str:
    """The suite of a problem.

    >>> suite("fronts/biobj-f1-d5"), suite("fronts/cifar10-latency"), suite("surrogates/front-3")
    ('biobj', 'tables', 'surrogates')
    """
    folder, _, name = problem.partition("/")
    if folder != "fronts":
        return folder
    return "tables" if name in TABLES else name.partition("-")[0]


def of_suites(title: str, results: Results, contender: str) -> str:
    """The chances of a contender against each rival, and the section of each suite, in Markdown.

    Args:
        title: of the match.
        results: of the match.
        contender: whose losses come first.
    """
    ahead = _ahead(results, contender)
    by_suite: dict[str, list[str]] = {}
    for problem in sorted(ahead, key=lambda name: _mean([ahead[name]])):
        by_suite.setdefault(suite(problem), []).append(problem)
    order = sorted(by_suite, key=lambda name: _mean([ahead[at] for at in by_suite[name]]))
    chances = _chances(contender, ahead, {name: by_suite[name] for name in order})
    parts = [f"## {title}\n\n{chances}\n"]
    empty = [about.name for about in results.settings.problems if about.name not in ahead]
    if empty:
        parts.append(f"No contender has a feasible trial on {', '.join(empty)}.\n")
    for name in order:
        of_suite = part(results, by_suite[name])
        parts.append(section(SUITES[name], of_suite, "###", contender))
    return "\n".join(parts)


def part(results: Results, names: Sequence[str]) -> Results:
    """The match on some of its problems, in the order of their names here."""
    settings = replace(results.settings, problems=tuple(map(results.about, names)))
    runs = {key: run for key, run in results.runs.items() if key[0] in names}
    return Results(settings, runs)


def _ahead(results: Results, contender: str) -> dict[str, Ahead]:
    """By problem, whether the contender ends ahead of each rival."""
    labels = results.settings.contenders
    heights = final_heights(results, results.settings.trials or 0)
    return {
        problem: {
            rival: share_ahead(rows[labels.index(contender)], rows[labels.index(rival)])
            for rival in labels
            if rival != contender
        }
        for problem, rows in heights.items()
    }


def _chances(
    contender: str, ahead: Mapping[str, Ahead], by_suite: Mapping[str, Sequence[str]]
) -> str:
    """One row per rival, the strongest first: the chance to end ahead of it in each suite."""
    rivals = next(iter(ahead.values()))
    of_all = {rival: [rows[rival] for rows in ahead.values()] for rival in rivals}
    rows = []
    for rival in sorted(rivals, key=lambda name: float(np.mean([r.mean() for r in of_all[name]]))):
        cells = [
            chance_to_win([ahead[name][rival] for name in names]) for names in by_suite.values()
        ]
        rows.append([f"`{rival}`", *cells, chance_to_win(of_all[rival])])
    return markdown_table([f"`{contender}` against", *by_suite, "all"], rows)


def _mean(problems: Sequence[Ahead]) -> float:
    """The mean chance over rivals, seeds and problems."""
    return float(np.mean([row.mean() for rows in problems for row in rows.values()]))
