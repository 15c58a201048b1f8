"""What a scheduler may decide for the next trial."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from crosstune.samplers.scheduled.configurations import Configuration


@dataclass(frozen=True)
class NewConfiguration:
    """Train a new point.

    Attributes:
        epochs: up to which it is trained at first.
        bracket: of the schedule.
    """

    epochs: int
    bracket: int = 0


@dataclass(frozen=True)
class Continuation:
    """Train a paused configuration further.

    Attributes:
        configuration: the paused one.
        epochs: up to which it is trained, counted from its beginning.
    """

    configuration: Configuration
    epochs: int


@dataclass(frozen=True)
class Pause:
    """Nothing can begin until a running trial has ended."""


@dataclass(frozen=True)
class ScheduleOver:
    """Nothing is left to train."""


Decision: TypeAlias = NewConfiguration | Continuation | Pause | ScheduleOver
