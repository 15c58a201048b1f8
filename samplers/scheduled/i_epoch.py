"""i-Epoch: train every configuration for a few epochs, and then the best ones to the end.

Egele, Mohr, Viering and Balaprakash, The Unreasonable Effectiveness of Early Discarding After One
Epoch in Neural Network Hyperparameter Optimization (2024).
"""

from __future__ import annotations

from collections.abc import Sequence

from crosstune.samplers.scheduled.configurations import (
    FAILED,
    PAUSED,
    RUNNING,
    STOPPED,
    Configuration,
)
from crosstune.samplers.scheduled.decisions import (
    Continuation,
    Decision,
    NewConfiguration,
    Pause,
    ScheduleOver,
)
from crosstune.samplers.scheduled.settings import Scheduler


def begin(begun: Sequence[Configuration], scheduler: Scheduler) -> NewConfiguration:
    """How far a new configuration is trained at first.

    Args:
        begun: the earlier ones.
        scheduler: with the epochs of the first rung.
    """
    return NewConfiguration(int(scheduler.options["first"]))


def decide(begun: Sequence[Configuration], scheduler: Scheduler, limit: int | None) -> Decision:
    """What to train next.

    Args:
        begun: the configurations so far.
        scheduler: with its options.
        limit: the number of configurations; None for no limit, so that none is continued.
    """
    if limit is None or len(begun) < limit:
        return begin(begun, scheduler)
    first = int(scheduler.options["first"])
    if any(c.state == RUNNING and c.epochs <= first < scheduler.max_epochs for c in begun):
        return Pause()
    ranked = sorted(
        (c for c in begun if c.state not in (FAILED, STOPPED)), key=lambda c: (c.at(first), c.index)
    )
    finalists = ranked[: int(scheduler.options["finalists"])]
    for configuration in finalists:
        if configuration.state == PAUSED:
            return Continuation(configuration, scheduler.max_epochs)
    return Pause() if any(c.state == RUNNING for c in finalists) else ScheduleOver()
