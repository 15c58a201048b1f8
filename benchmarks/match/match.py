"""A match: every contender on every problem under every seed, in a resumable folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from crosstune.benchmarks.match.agreement import (
    about,
    agree,
    agree_on_objectives,
    machine,
    versions,
    with_state,
)
from crosstune.benchmarks.match.contender import Contender
from crosstune.benchmarks.match.fairness import check_fairness
from crosstune.benchmarks.match.folder import FolderError, MatchFolder, RunFile, untouched
from crosstune.benchmarks.match.limits import RunLimits
from crosstune.benchmarks.match.processes import carry_out_all
from crosstune.benchmarks.match.reference import files_of, with_scales
from crosstune.benchmarks.match.results import Key, Results, Settings
from crosstune.benchmarks.match.run import MatchTask, carry_out
from crosstune.benchmarks.match.seeding import check_seeds
from crosstune.benchmarks.problems.base import Problem
from crosstune.space.space import Space
from crosstune.study.earlier_names import as_kept

Progress = Callable[[int, int], None]
"""Called with the number of finished runs and of all runs."""


@dataclass(frozen=True)
class Match:
    """A request for a match.

    Attributes:
        log_dir: where to log every study for TensorBoard; None for no logs.
        command: repeats the match.
        rounds: see `Settings`.
    """

    problems: tuple[Problem, ...]
    contenders: tuple[Contender, ...]
    limits: RunLimits
    log_dir: Path | None = None
    command: str = ""
    rounds: tuple[int, int] | None = None

    def check(self, seeds: int) -> None:
        """Refuse an unfair match before anything is evaluated.

        Raises:
            RequestError: see `check_fairness` and `check_seeds`.
        """
        for problem in self.problems:
            check_seeds(seeds, self.limits.trials, problem.space)
        check_fairness(self.problems, self.contenders, self.limits)

    def as_recorded(self, before: Settings | None) -> Match:
        """The match with its options named as in a folder's settings."""
        if before is None:
            return self
        fingerprints = {problem.name: problem.fingerprint for problem in before.problems}

        def recorded(problem: Problem) -> Problem:
            def is_kept(space: Space) -> bool:
                return space.fingerprint() == fingerprints.get(problem.name)

            return replace(problem, spec=as_kept(problem.spec, problem.name, is_kept))

        return replace(self, problems=tuple(map(recorded, self.problems)))

    def run(
        self,
        folder: MatchFolder,
        seeds: int,
        *,
        jobs: int = 1,
        progress: Progress | None = None,
        retry_failed: bool = False,
        same_objective: bool = False,
    ) -> Results:
        """Carry out the runs that are missing in the folder, and return all results.

        Args:
            folder: locked by the caller.
            seeds: the total number.
            jobs: the number of runs at once; with several, each has its own process.
            progress: called after each run.
            retry_failed: repeat each run from its first failed trial.
            same_objective: keep the results of an objective that has changed.

        Raises:
            RequestError: the folder holds another match, or results of another objective.
            RunError: a run cannot be written, or its process died. Results on file are kept.
        """
        before = folder.settings()
        settings = agree(folder.path, before, self.settings(seeds))
        used, failed = self._held(folder, before, retry_failed=retry_failed)
        settings = agree_on_objectives(
            folder.path, before, settings, accept=same_objective, used=used, failed=failed
        )
        folder.write_settings(settings)
        settings = with_scales(
            settings,
            self._to_scale(folder, before),
            self.limits,
            folder,
            lambda tasks: map(carry_out, tasks) if jobs == 1 else carry_out_all(tasks, jobs),
        )
        folder.write_settings(settings)
        if retry_failed:
            for _, file in self._runs(folder, settings.seeds):
                file.drop_failed()
        tasks = [
            MatchTask(problem, contender, seed, self.limits, file.path, self.log_dir)
            for (problem, contender, seed), file in self._runs(folder, settings.seeds)
            if not self.limits.over(file.read())
        ]
        runs = settings.seeds * len(self.problems) * len(self.contenders)
        done = map(carry_out, tasks) if jobs == 1 else carry_out_all(tasks, jobs)
        try:
            for over, _ in enumerate(done, runs - len(tasks) + 1):
                if progress is not None:
                    progress(over, runs)
        finally:
            if tasks and jobs == 1:  # otherwise other processes ran the objectives
                with suppress(FolderError):
                    folder.write_settings(with_state(settings, self.problems))
        return folder.read()

    def _to_scale(self, folder: MatchFolder, before: Settings | None) -> Iterator[Problem]:
        """The problems whose scale is still to be fixed, unless runs were scored without one."""
        for problem in self.problems:
            begun = any(file.path.exists() for file in files_of(problem, folder))
            if before is None or begun or problem.spec.metrics:
                yield problem

    def _held(
        self, folder: MatchFolder, before: Settings | None, *, retry_failed: bool
    ) -> tuple[set[str], set[str]]:
        """The problems with results to keep, and those with only failures to keep."""
        used: set[str] = set()
        failed: set[str] = set()
        for (problem, _, _), file in self._runs(folder, 0 if before is None else before.seeds):
            run = file.read()
            if any(
                evaluation.state != "failed"
                for evaluation in (untouched(run) if retry_failed else run.evaluations)
            ):
                used.add(problem.name)
            elif not retry_failed and run.end is not None:
                failed.add(problem.name)
        used |= {
            problem.name
            for problem in self.problems
            if any(file.read().evaluations for file in files_of(problem, folder))
        }
        return used, failed - used

    def settings(self, seeds: int) -> Settings:
        """The settings in the form that is stored with the results."""
        return Settings(
            problems=tuple(about(problem) for problem in self.problems),
            contenders=tuple(contender.label for contender in self.contenders),
            seeds=seeds,
            **vars(self.limits),
            versions=versions(contender.backend for contender in self.contenders),
            machine=machine(),
            command=self.command,
            rounds=self.rounds,
            startup={e.label: e.startup for e in self.contenders if e.startup is not None},
        )

    def _runs(
        self, folder: MatchFolder, seeds: int
    ) -> Iterator[tuple[tuple[Problem, Contender, int], RunFile]]:
        """Every run with its file, seed by seed, so that partial results can be compared."""
        for seed in range(seeds):
            for problem in self.problems:
                for contender in self.contenders:
                    key: Key = (problem.name, contender.label, seed)
                    yield (problem, contender, seed), folder.run_file(key)
