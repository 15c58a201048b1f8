"""What a match has found out: its settings, and every evaluation of every run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from crosstune.engines.feasibility import satisfied
from crosstune.space.parameters import Scalar

Key = tuple[str, str, int]
"""A run: problem, contender, seed. Seeds count from 0; `seeding` makes the engines' out of them."""


@dataclass(frozen=True)
class Evaluation:
    """One trial of a run.

    Attributes:
        number: of the trial, from 0.
        state: "complete", "pruned" or "failed".
        value: the metric; of a pruned trial its last report; None for a failed one.
        test: the metric on data that tuning never sees; None where there are none.
        params: the values of the active parameters.
        reports: steps and intermediate values, in the order in which they were reported.
        epochs: how many it trained: its reports, or 1 where it makes none.
        error: why it failed; None for the others.
        seconds: how long the objective took, on the clock of the match.
        sampler_seconds: how long the sampler took to propose it and to learn of the trials before.
        ended: when it ended, in seconds since its run began, on the clock of the match.
        constraints: by key, feasible at 0 or below; None where it has none.
        questions: what it asked of sampler and pruner; None where it asked as usual. See
            `crosstune.objectives.questions`.
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

    @property
    def counts(self) -> bool:
        """Whether it is complete and feasible, so that its value may be the best of its run."""
        return (
            self.state == "complete"
            and self.value is not None
            and satisfied((self.constraints or {}).values())
        )


TIME_FIELDS = ("seconds", "sampler_seconds", "ended")
"""What differs between two matches that are otherwise the same."""


@dataclass(frozen=True)
class MatchRun:
    """What one contender did on one problem under one seed.

    Attributes:
        evaluations: in the order of their numbers.
        end: "done", "exhausted" (the space, or the engine's own schedule, had no more), "failed",
            or None while it is not over.
        error: why it failed; None otherwise.
        final_test: the score on unseen data of the best trial, where the objective is asked for it
            apart; None where the evaluations hold it, or there is none.
        unconstrained: whether trials had constraints that its sampler cannot use.
        budget: trials, seconds and epochs that it had when it ended.
    """

    evaluations: tuple[Evaluation, ...] = ()
    end: str | None = None
    error: str | None = None
    final_test: float | None = None
    budget: tuple[int | None, float | None, int | None] | None = None
    unconstrained: bool = False

    @property
    def hopeless(self) -> bool:
        """Whether it has complete trials and none of them is feasible."""
        complete = [each for each in self.evaluations if each.state == "complete"]
        return bool(complete) and not any(each.counts for each in complete)


@dataclass(frozen=True)
class Identity:
    """What an objective is made of; see `match.identity`.

    Attributes:
        parts: a digest of each function, class and value, by its name.
        unseen: what cannot be compared, by its name, and why.
        state: the names of values that the objective itself changes, which are not compared.
    """

    parts: Mapping[str, str]
    unseen: Mapping[str, str] = field(default_factory=dict)
    state: tuple[str, ...] = ()


@dataclass(frozen=True)
class About:
    """What the results say of a problem; see `problems.Problem`.

    Attributes:
        spec: as in a spec file.
        fingerprint: of the space.
        objective: None in the results of a crosstune that did not note it.
    """

    name: str
    metric: str
    maximize: bool
    fingerprint: str
    spec: Mapping[str, Any]
    optimum: float | None = None
    objective: Identity | None = None


@dataclass(frozen=True)
class Settings:
    """What was asked for, and where it ran.

    Attributes:
        contenders: labels such as ``optuna:gp+hyperband``, in the order given.
        seeds: how many; they are 0 to seeds - 1.
        trials, seconds, epochs: the budget of a run; None where it is without that limit.
        first: how many points of a design that all contenders share come first.
        workers: on a simulated clock, how many at once; None for the real clock.
        versions: of Python and of the libraries.
        machine: processor, cores, system.
        looks: after how many seeds a verdict has been asked for before, in order.
        rounds: how many seeds were added at a time, and at most, where that was to be decided by
            the verdicts; None where the number was fixed.
        command: that made it.
        startup: how many random points a contender's sampler begins with, by label; empty in the
            results of a crosstune that did not note it.
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


@dataclass(frozen=True)
class Results:
    """A match, in memory. `match.folder` writes and reads it."""

    settings: Settings
    runs: Mapping[Key, MatchRun]

    def about(self, problem: str) -> About:
        """The problem of that name."""
        return next(each for each in self.settings.problems if each.name == problem)

    def seeds_of(self, problem: str) -> list[int]:
        """The seeds under which every contender is through, in order; verdicts compare on these."""
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
    """The feasible trial with the best value, the earliest of several; None where there is none."""
    feasible = [each for each in run.evaluations if each.counts]
    sign = -1.0 if maximize else 1.0
    return min(feasible, key=lambda each: (sign * (each.value or 0.0), each.number), default=None)
