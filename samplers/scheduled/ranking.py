"""What schedulers that compare configurations at rungs share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from crosstune.samplers.scheduled.configurations import (
    FAILED,
    PAUSED,
    RUNNING,
    STOPPED,
    Configuration,
)
from crosstune.samplers.scheduled.decisions import (
    Continuation,
    NewConfiguration,
    Pause,
    ScheduleOver,
)
from crosstune.samplers.scheduled.settings import Scheduler


def begin_at_first(begun: Sequence[Configuration], scheduler: Scheduler) -> NewConfiguration:
    """A new configuration, trained for the epochs of the option `first`.

    Args:
        begun: the earlier ones.
        scheduler: with the option.
    """
    return NewConfiguration(int(scheduler.options["first"]))


def ranked(begun: Iterable[Configuration], epoch: int) -> list[Configuration]:
    """Those that have neither failed nor been stopped, the best at an epoch first."""
    living = (c for c in begun if c.state not in (FAILED, STOPPED))
    return sorted(living, key=lambda c: (c.at(epoch), c.index))


def next_promotion(best: Iterable[Configuration], epochs: int) -> Continuation | None:
    """The continuation of the first paused one that is not trained that far; None without one.

    Args:
        best: those that are to be trained, the best first.
        epochs: up to which.
    """
    for configuration in best:
        if configuration.state == PAUSED and configuration.epochs < epochs:
            return Continuation(configuration, epochs)
    return None


def pause_or_end(awaited: Iterable[Configuration]) -> Pause | ScheduleOver:
    """A pause while one of the configurations is being trained, and else the end."""
    return Pause() if any(c.state == RUNNING for c in awaited) else ScheduleOver()
