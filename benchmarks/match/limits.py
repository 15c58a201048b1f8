"""The budget of a run, and how much of it is spent."""

from __future__ import annotations

from dataclasses import dataclass

from crosstune.benchmarks.match.results import Evaluation, MatchRun


@dataclass(frozen=True)
class RunLimits:
    """The budget of a run; it ends at the first limit that it reaches. None is no limit.

    Attributes:
        trials: finished trials, pruned and failed ones counted.
        seconds: of objective and sampler together; the trial that exceeds them is finished.
        epochs: of all trials; likewise.
        first: the number of points, the same for all contenders, that come first.
        workers: the number of trials at once on a simulated clock; None for the real clock.
    """

    trials: int | None = None
    seconds: float | None = None
    epochs: int | None = None
    first: int = 0
    workers: int | None = None

    @property
    def budget(self) -> tuple[int | None, float | None, int | None]:
        """Trials, seconds and epochs."""
        return self.trials, self.seconds, self.epochs

    def over(self, run: MatchRun) -> bool:
        """True if a run cannot or need not continue; a raised budget lets it continue."""
        return run.end is not None and (run.end != "done" or run.budget == self.budget)


@dataclass
class Spent:
    """What a run has spent so far, in the units of `RunLimits`."""

    trials: int = 0
    seconds: float = 0.0
    epochs: int = 0

    def add(self, evaluation: Evaluation) -> None:
        """Count an evaluation."""
        self.trials += 1
        self.seconds += evaluation.seconds + evaluation.sampler_seconds
        self.epochs += evaluation.epochs

    def reached(self, limits: RunLimits) -> bool:
        """True if a limit is reached."""
        pairs = (
            (self.trials, limits.trials),
            (self.seconds, limits.seconds),
            (self.epochs, limits.epochs),
        )
        return any(limit is not None and spent >= limit for spent, limit in pairs)
