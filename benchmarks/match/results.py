"""The results of a match: its settings, and every evaluation of every run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from crosstune.engines.feasibility import satisfied
from crosstune.space.parameters import Scalar
from crosstune.spec.measures import Metric

Key = tuple[str, str, int]
"""A run: problem, contender, seed from 0. `seeding` derives the seed of the engine from it."""


@dataclass(frozen=True)
class Evaluation:
    """One trial of a run.

    Attributes:
        number: of the trial, from 0.
        state: "complete", "pruned" or "failed".
        value: the metric, or the last report of a pruned trial; None for a failed one, and with
            several metrics.
        test: the metric on data that tuning never sees, or None.
        params: the values of the active parameters.
        reports: steps and intermediate values, in the order of the reports.
        epochs: the number of reports, or 1 without reports.
        error: why it failed, or None.
        seconds: duration of the objective, on the clock of the match.
        sampler_seconds: time of the sampler to propose it and to learn from earlier trials.
        ended: seconds from the start of the run to its end, on the clock of the match.
        constraints: by key, feasible at 0 or below; None without constraints.
        questions: unusual calls of sampler and pruner; see `crosstune.objectives.questions`.
        values: of several metrics, in the order of the spec; empty with one metric.
        paused: what the objective returned where a scheduler paused it; None if it did not.
    """

    number: int
    state: str
    value: float | None
    params: Mapping[str, Scalar]
    test: float | None = None
    reports: tuple[tuple[int, float], ...] = ()
    epochs: int = 1
    error: str | None = None
    seconds: float = 0.0
    sampler_seconds: float = 0.0
    ended: float = 0.0
    constraints: Mapping[str, float] | None = None
    questions: Mapping[str, Any] | None = None
    values: tuple[float, ...] = ()
    paused: float | None = None

    @property
    def counts(self) -> bool:
        """True if it is complete and feasible, so that its value may be the best of its run."""
        return (
            self.state == "complete"
            and (self.value is not None or bool(self.values))
            and satisfied((self.constraints or {}).values())
        )


TIME_FIELDS = ("seconds", "sampler_seconds", "ended")
"""Fields that differ between two otherwise identical matches."""


@dataclass(frozen=True)
class MatchRun:
    """The evaluations of one contender on one problem under one seed.

    Attributes:
        evaluations: in the order of their numbers.
        end: "done", "exhausted" (the space or the engine's own schedule had no more points),
            "failed", or None before its end.
        error: why it failed, or None.
        final_test: the best trial's score on unseen data, if a separate call computed it.
        unconstrained: whether trials had constraints that its sampler cannot use.
        budget: its limits of trials, seconds and epochs when it ended.
    """

    evaluations: tuple[Evaluation, ...] = ()
    end: str | None = None
    error: str | None = None
    final_test: float | None = None
    budget: tuple[int | None, float | None, int | None] | None = None
    unconstrained: bool = False

    @property
    def hopeless(self) -> bool:
        """True if it has complete trials and none of them is feasible."""
        complete = [evaluation for evaluation in self.evaluations if evaluation.state == "complete"]
        return bool(complete) and not any(evaluation.counts for evaluation in complete)


@dataclass(frozen=True)
class Identity:
    """The digests of an objective; see `match.identity`.

    Attributes:
        parts: a digest of each function, class and value, by its name.
        unseen: by name, parts that cannot be compared, and why.
        state: names of values that the objective itself changes and that are not compared.
    """

    parts: Mapping[str, str]
    unseen: Mapping[str, str] = field(default_factory=dict)
    state: tuple[str, ...] = ()


@dataclass(frozen=True)
class FrontScale:
    """In what the runs on a problem with several metrics, or with constraints, are scored.

    It is fixed before the first run of a match, by random search with seeds of its own.

    Attributes:
        ideal: the best value of each metric.
        reference: the value of each metric from which on a point counts nothing; of a single
            metric, the worst value that is told from others.
        best: the hypervolume of the best known front; 0 with one metric.
        random: the mean hypervolume of a run of random search; 0 with one metric.
    """

    ideal: tuple[float, ...]
    reference: tuple[float, ...]
    best: float = 0.0
    random: float = 0.0


@dataclass(frozen=True)
class About:
    """The description of a problem in the results; see `problems.Problem`.

    Attributes:
        spec: as in a spec file.
        fingerprint: of the space.
        objective: None in results of a version that did not record it.
        scale: of the scores with several metrics or constraints; else None.
    """

    name: str
    metric: str
    maximize: bool
    fingerprint: str
    spec: Mapping[str, Any]
    optimum: float | None = None
    objective: Identity | None = None
    scale: FrontScale | None = None

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The metrics, if there are several; else none."""
        return tuple(Metric(**item) for item in self.spec.get("metrics", ()))


@dataclass(frozen=True)
class Settings:
    """The request of a match, and where it ran.

    Attributes:
        contenders: labels such as ``optuna:gp+hyperband``, in the order given.
        seeds: their number; they are 0 to seeds - 1.
        trials, seconds, epochs: the budget of a run; None for no limit.
        first, workers: as in `RunLimits`.
        versions: of Python and of the libraries.
        machine: processor, cores, system.
        looks: the numbers of seeds at which a verdict was requested before, ascending.
        rounds: seeds per round and at most, if the verdicts decide the number of seeds.
        command: the command of the match.
        startup: by label, the number of random points of the sampler that come first; empty in
            results of a version that did not record it.
    """

    problems: tuple[About, ...]
    contenders: tuple[str, ...]
    seeds: int
    trials: int | None = None
    seconds: float | None = None
    epochs: int | None = None
    first: int = 0
    workers: int | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    machine: Mapping[str, str] = field(default_factory=dict)
    looks: tuple[int, ...] = ()
    rounds: tuple[int, int] | None = None
    command: str = ""
    startup: Mapping[str, int] = field(default_factory=dict)

    def keys_of(self, about: About) -> list[Key]:
        """Every run on a problem."""
        return [
            (about.name, contender, seed)
            for contender in self.contenders
            for seed in range(self.seeds)
        ]


@dataclass(frozen=True)
class Results:
    """A match in memory; `match.folder` writes and reads it."""

    settings: Settings
    runs: Mapping[Key, MatchRun]

    def about(self, problem: str) -> About:
        """The problem of that name."""
        return next(about for about in self.settings.problems if about.name == problem)

    def seeds_of(self, problem: str) -> list[int]:
        """The seeds that every contender has finished, ascending; verdicts use only these."""
        return [
            seed
            for seed in range(self.settings.seeds)
            if all(
                (run := self.runs.get((problem, contender, seed))) is not None
                and run.end is not None
                for contender in self.settings.contenders
            )
        ]


def best_evaluation(run: MatchRun, *, maximize: bool) -> Evaluation | None:
    """The feasible trial with the best value, the earliest of ties; None without one."""
    feasible = [evaluation for evaluation in run.evaluations if evaluation.counts]
    sign = -1.0 if maximize else 1.0
    return min(
        feasible,
        key=lambda evaluation: (sign * (evaluation.value or 0.0), evaluation.number),
        default=None,
    )
