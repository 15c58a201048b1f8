"""A match: every contender on every problem under every seed, in a folder that can be resumed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from crosstune.benchmarks.match.agreement import about, agree, machine, versions
from crosstune.benchmarks.match.contender import Contender
from crosstune.benchmarks.match.fairness import check_fairness
from crosstune.benchmarks.match.folder import MatchFolder, RunFile
from crosstune.benchmarks.match.limits import Limits
from crosstune.benchmarks.match.processes import carry_out_all
from crosstune.benchmarks.match.results import Key, Results, Settings
from crosstune.benchmarks.match.run import Task, carry_out
from crosstune.benchmarks.match.seeding import check_seeds
from crosstune.benchmarks.problems.base import Problem

Progress = Callable[[int, int], None]
"""Called with how many runs are over, of how many."""


@dataclass(frozen=True)
class Match:
    """What is to be compared.

    Attributes:
        log_dir: where to log every study for TensorBoard; None for nowhere.
        command: what a reader types to have it again.
        rounds: see `Settings`.
    """

    problems: tuple[Problem, ...]
    contenders: tuple[Contender, ...]
    limits: Limits
    log_dir: Path | None = None
    command: str = ""
    rounds: tuple[int, int] | None = None

    def check(self, seeds: int) -> None:
        """Refuse what cannot be a fair match, before anything is evaluated.

        Raises:
            RequestError: see `check_fairness` and `check_seeds`.
        """
        for problem in self.problems:
            check_seeds(seeds, self.limits.trials, problem.space)
        check_fairness(self.problems, self.contenders, self.limits)

    def run(
        self, folder: MatchFolder, seeds: int, *, jobs: int = 1, progress: Progress | None = None
    ) -> Results:
        """Carry out what the folder does not hold yet, and return all that it holds.

        Args:
            folder: locked by the caller.
            seeds: how many in all.
            jobs: how many runs at once, each in a process of its own if there are several.

        Raises:
            RequestError: the folder holds another match.
            RunError: a run cannot be written, or its process died. What is on file is kept.
        """
        settings = agree(folder.path, folder.settings(), self.settings(seeds))
        folder.write_settings(settings)
        tasks = [
            Task(problem, each, seed, self.limits, file.path, self.log_dir)
            for (problem, each, seed), file in self._runs(folder, settings.seeds)
            if not self.limits.over(file.read())
        ]
        runs = settings.seeds * len(self.problems) * len(self.contenders)
        done = map(carry_out, tasks) if jobs == 1 else carry_out_all(tasks, jobs)
        for over, _ in enumerate(done, runs - len(tasks) + 1):
            if progress is not None:
                progress(over, runs)
        return folder.read()

    def settings(self, seeds: int) -> Settings:
        """The settings as they are kept with the results."""
        return Settings(
            problems=tuple(about(problem) for problem in self.problems),
            contenders=tuple(each.label for each in self.contenders),
            seeds=seeds,
            trials=self.limits.trials,
            seconds=self.limits.seconds,
            epochs=self.limits.epochs,
            first=self.limits.first,
            workers=self.limits.workers,
            versions=versions(each.backend for each in self.contenders),
            machine=machine(),
            command=self.command,
            rounds=self.rounds,
        )

    def _runs(
        self, folder: MatchFolder, seeds: int
    ) -> Iterator[tuple[tuple[Problem, Contender, int], RunFile]]:
        """Every run with its file, seed by seed, so that what is there early can be compared."""
        for seed in range(seeds):
            for problem in self.problems:
                for each in self.contenders:
                    key: Key = (problem.name, each.label, seed)
                    yield (problem, each, seed), folder.run_file(key)
