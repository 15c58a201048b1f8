"""A trial that a pool evaluates."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass

from crosstune.parallel.ask import Begun
from crosstune.parallel.task import Outcome, Task


@dataclass(frozen=True)
class Running:
    """A trial that is under way; one that is over waits to be told again, and has no task.

    Attributes:
        begun: the trial, with its parameters.
        task: what the pool evaluates.
        future: of its outcome.
        checkpoint: the step of its checkpoint when this attempt was handed out, or -1.
    """

    begun: Begun
    task: Task | None
    future: Future[Outcome]
    checkpoint: int = -1

    @property
    def number(self) -> int:
        """Of the trial."""
        return self.begun.trial.number

    def outcome(self) -> Outcome | None:
        """How it went; None while that is not known."""
        future = self.future
        if not future.done() or future.cancelled() or future.exception() is not None:
            return None
        return future.result()
