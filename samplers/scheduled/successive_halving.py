"""Successive halving with promotion: whenever a configuration is among the best of its rung, it is
trained on to the next one.

Li et al., A System for Massively Parallel Hyperparameter Tuning (2020), algorithm 2. At the end the
best configuration of the highest rung is trained to the end in any case.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from crosstune.samplers.scheduled.configurations import (
    FAILED,
    FINISHED,
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
from crosstune.samplers.scheduled.rungs import rungs
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
        limit: the number of configurations; None for no limit.
    """
    factor = int(scheduler.options["factor"])
    ladder = rungs(int(scheduler.options["first"]), factor, scheduler.max_epochs)
    for rung, following in reversed(list(pairwise(ladder))):
        there = [c for c in begun if _has_reached(c, rung)]
        best = sorted(there, key=lambda c: (c.at(rung), c.index))[: len(there) // factor]
        for configuration in best:
            if configuration.state == PAUSED and configuration.epochs < following:
                return Continuation(configuration, following)
    if limit is None or len(begun) < limit:
        return begin(begun, scheduler)
    if any(c.state == RUNNING for c in begun):
        return Pause()
    paused = [c for c in begun if c.state == PAUSED]
    if paused and not any(c.state == FINISHED for c in begun):
        highest = max(c.epochs for c in paused)
        leader = min((c for c in paused if c.epochs == highest), key=lambda c: (c.value, c.index))
        return Continuation(leader, scheduler.max_epochs)
    return ScheduleOver()


def _has_reached(configuration: Configuration, rung: int) -> bool:
    """Whether a configuration has been trained to a rung, so that it is compared there."""
    if configuration.state in (FAILED, STOPPED):
        return False
    if configuration.state == RUNNING:
        return any(epoch >= rung for epoch in configuration.curve)
    return configuration.epochs >= rung
