"""The statistics of a match."""

from __future__ import annotations

from collections.abc import Sequence

from crosstune.benchmarks.match.results import Results
from crosstune.benchmarks.statistics.curves import AXES, curves
from crosstune.benchmarks.statistics.rankings import Rule, rankings
from crosstune.benchmarks.statistics.scores import ScoredProblem, read
from crosstune.benchmarks.statistics.standings import on_problem, overall
from crosstune.benchmarks.statistics.verdicts import Ranking, Summary
from crosstune.errors import RequestError, no_such


def summarize(
    results: Results,
    *,
    margin: float = 0.1,
    within: float | None = None,
    level: float = 0.05,
    alpha: float | None = None,
    axes: Sequence[str] | None = None,
) -> Summary:
    """The verdicts, standings and curves of a match, on the seeds that all contenders finished.

    Args:
        results: of the match.
        margin: the share of the scale that counts as no difference; above 0. The scale is the
            distance of random search, or else of the first trials, from the best known.
        within: the margin in the metric's units, for a match on one problem.
        level: the allowed chance of one false verdict or more; intervals have 1 - level.
        alpha: the part of the level that this look spends; all of it, if None. See `Sequential`.
        axes: of the curves: some of "trials", "epochs", "seconds"; all recorded ones, if None.

    Raises:
        RequestError: a keyword out of its range, or no problem has anything to compare.
    """
    rule = Rule(margin, within, level, alpha)
    rule.check(len(results.settings.problems))
    for axis in axes or ():
        if axis not in AXES:
            raise RequestError(no_such("axis", axis, AXES))
    problems, notes = usable(results)
    verdicts = rankings(results.settings, problems, rule)
    looks = [look for look in results.settings.looks if look < results.settings.seeds]
    if alpha is None and looks:
        notes.append(
            f"Verdicts were requested before, after {', '.join(map(str, looks))} seeds. The level "
            f"of {100 * level:g} % holds for a single look; --until-decided keeps it for several."
        )
    return assemble(results, problems, verdicts, notes, level, axes)


def usable(results: Results) -> tuple[list[ScoredProblem], list[str]]:
    """The problems with comparable runs, and the notes on all.

    Raises:
        RequestError: there is none; the message has the reason for each.
    """
    read_ = [read(results, about.name) for about in results.settings.problems]
    problems = [item for item in read_ if isinstance(item, ScoredProblem)]
    reasons = [item for item in read_ if isinstance(item, str)]
    if not problems:
        raise RequestError(f"There is nothing to compare yet. {' '.join(reasons)}".strip())
    notes = [f"{reason} It is left out." for reason in reasons]
    trials = results.settings.trials
    notes += [
        f"{name} draws its first {first} trials at random, and a run has {trials}: it is random "
        "search here. More trials show what it can do."
        for name, first in results.settings.startup.items()
        if trials is not None and trials <= first
    ]
    for problem in problems:
        notes += [*problem.notes, *_ends(results, problem), *_feasible(results, problem)]
    notes += _unconstrained(results, problems)
    unseen = [problem.about.name for problem in problems if problem.unseen is None]
    if unseen and len(unseen) < len(problems):
        notes.append(
            f"No scores on unseen data on {', '.join(unseen)}, so the verdict is on the tuned "
            "metric of all problems."
        )
    constant = [problem.about.name for problem in problems if problem.tuned.scale == 0]
    if constant and len(problems) > 1:
        notes.append(f"Not part of the verdict, as nothing varied: {', '.join(constant)}.")
    return problems, notes


def _ends(results: Results, problem: ScoredProblem) -> list[str]:
    """Notes on failures, early ends, unfinished seeds, and a single seed."""
    name, planned, have = problem.about.name, results.settings.seeds, len(problem.seeds)
    notes = []
    for contender, row in zip(results.settings.contenders, problem.runs, strict=True):
        ends = dict(zip(problem.seeds, row, strict=True))
        failed = [seed for seed, run in ends.items() if run.end == "failed"]
        early = [seed for seed, run in ends.items() if run.end == "exhausted"]
        if failed:
            notes.append(
                f"{contender} failed on {name} under seed {', '.join(map(str, failed))} "
                f"({ends[failed[0]].error}); such a run counts with the best it had found. "
                "--retry-failed does it again."
            )
        if early:
            notes.append(
                f"{contender} had no more to propose on {name} in {len(early)} of {have} runs; "
                "such a run counts with the best it had found."
            )
    if have < planned:
        notes.append(f"On {name} {have} of {planned} seeds are finished for every contender.")
    if have == 1:
        notes.append(f"One seed on {name}: there is no interval and no p-value.")
    return notes


def _unconstrained(results: Results, problems: Sequence[ScoredProblem]) -> list[str]:
    """A note on each contender that cannot use the constraints of some problems."""
    notes = []
    for row, contender in enumerate(results.settings.contenders):
        where = [
            problem.about.name
            for problem in problems
            if any(run.unconstrained for run in problem.runs[row])
        ]
        if where:
            notes.append(
                f"{contender} cannot use constraints: on {', '.join(where)} it proposed infeasible "
                "points as readily as others."
            )
    return notes


def _feasible(results: Results, problem: ScoredProblem) -> list[str]:
    """A note on the feasible trials of each contender, if trials have constraints."""
    shares = []
    for contender, row in zip(results.settings.contenders, problem.runs, strict=True):
        complete = [
            evaluation
            for run in row
            for evaluation in run.evaluations
            if evaluation.state == "complete"
        ]
        if any(evaluation.constraints for evaluation in complete):
            feasible = sum(evaluation.counts for evaluation in complete)
            shares.append(f"{contender} {feasible} of {len(complete)}")
    if not shares:
        return []
    return [f"Trials on {problem.about.name} have constraints. Feasible were: {'; '.join(shares)}."]


def assemble(
    results: Results,
    problems: Sequence[ScoredProblem],
    verdicts: tuple[Ranking, ...],
    notes: Sequence[str],
    level: float,
    axes: Sequence[str] | None,
) -> Summary:
    """The summary with existing verdicts.

    Args:
        results: of the match.
        problems: the `usable` ones.
        verdicts: from `rankings`.
        notes: for the reader.
        level, axes: as in `summarize`.
    """
    names = results.settings.contenders
    drawn = {problem.about.name: curves(results, problem, axes, 1 - level) for problem in problems}
    by_problem = {
        problem.about.name: on_problem(names, problem, drawn[problem.about.name], 1 - level)
        for problem in problems
    }
    compared = [problem for problem in problems if problem.tuned.scale > 0] or problems[:1]
    standings = (
        by_problem[compared[0].about.name]
        if len(compared) == 1
        else overall(names, problems, by_problem, 1 - level)
    )
    return Summary(
        rankings=verdicts,
        standings=standings,
        by_problem=by_problem,
        curves=drawn,
        scale={
            problem.about.name: (problem.tuned.scale, problem.tuned.reference)
            for problem in problems
        },
        best_known={problem.about.name: problem.tuned.best for problem in problems},
        notes=tuple(notes),
    )
