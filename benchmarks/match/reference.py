"""The scales of problems with several metrics or constraints, from runs of random search.

These runs have seeds that no contender has, and are made before the first run of the match. So the
scale is the same however many seeds and contenders the match has later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from crosstune.benchmarks.match.contender import REFERENCE, contender
from crosstune.benchmarks.match.folder import MatchFolder, RunFile
from crosstune.benchmarks.match.limits import RunLimits
from crosstune.benchmarks.match.results import FrontScale, Settings
from crosstune.benchmarks.match.run import MatchTask
from crosstune.benchmarks.match.seeding import MOST_SEEDS
from crosstune.benchmarks.problems.base import Problem
from crosstune.errors import RequestError

RUNS = 5
"""The number of runs of random search, each with the budget of the match."""

CarryOut = Callable[[list[MatchTask]], Iterable[None]]
"""Carries out runs, in order or in processes."""


def with_scales(
    settings: Settings,
    problems: Iterable[Problem],
    limits: RunLimits,
    folder: MatchFolder,
    carry_out: CarryOut,
) -> Settings:
    """The settings with the scale of each problem that needs one and has none.

    Args:
        settings: of the match.
        problems: of the match.
        limits: of a run.
        folder: keeps the runs of random search.
        carry_out: carries them out.

    Raises:
        RequestError: random search has no complete trial on a problem.
    """
    from crosstune.benchmarks.statistics.fronts import front_scale  # libraries of an extra

    without = {about.name for about in settings.problems if about.scale is None}
    scales: dict[str, FrontScale] = {}
    for problem in problems:
        if problem.name not in without or not needs_scale(problem):
            continue
        files = list(files_of(problem, folder))
        tasks = [
            MatchTask(problem, contender(REFERENCE), MOST_SEEDS + i, limits, file.path)
            for i, file in enumerate(files)
            if not limits.over(file.read())
        ]
        for _ in carry_out(tasks):
            pass
        try:
            runs = [file.read() for file in files]
            scales[problem.name] = front_scale(runs, problem.spec.objectives, problem.front)
        except RequestError as error:
            raise RequestError(f"{problem.name}: {error}{_why(files)}") from error
    return replace(
        settings,
        problems=tuple(
            replace(about, scale=scales.get(about.name, about.scale)) for about in settings.problems
        ),
    )


def needs_scale(problem: Problem) -> bool:
    """True if a problem has several metrics, or constraints in its spec."""
    return bool(problem.spec.metrics or problem.spec.constraints)


def files_of(problem: Problem, folder: MatchFolder) -> Iterator[RunFile]:
    """The files of the runs of random search on a problem."""
    return (folder.reference_file(problem.name, i) for i in range(RUNS))


def _why(files: Iterable[RunFile]) -> str:
    errors = [
        error
        for file in files
        for error in (*(trial.error for trial in file.read().evaluations), file.read().error)
        if error
    ]
    return f": {errors[0]}" if errors else ""
