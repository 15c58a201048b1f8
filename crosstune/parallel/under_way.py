"""A trial that a pool evaluates."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass

from crosstune.parallel.ask import Begun
from crosstune.parallel.task import TaskOutcome, TrialTask


@dataclass(frozen=True)
class Running:
    """A trial that is under way. One that is over waits to be told again and has no task.

    Attributes:
        begun: the trial, with its parameters.
        task: of the pool.
        future: of its outcome.
        checkpoint: the step of its checkpoint when this attempt was submitted, or -1.
    """

    begun: Begun
    task: TrialTask | None
    future: Future[TaskOutcome]
    checkpoint: int = -1

    @property
    def number(self) -> int:
        """Number of the trial."""
        return self.begun.trial.number

    def outcome(self) -> TaskOutcome | None:
        """The outcome; None while it is not known."""
        future = self.future
        if not future.done() or future.cancelled() or future.exception() is not None:
            return None
        return future.result()
