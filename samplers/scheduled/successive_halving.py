"""Successive halving with promotion: whenever a configuration is among the best of its rung, it is
trained on to the next one.

Li et al., A System for Massively Parallel Hyperparameter Tuning (2020), algorithm 2. At the end the
best configuration of the highest rung is trained to the end in any case.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from crosstune.samplers.scheduled.configurations import FINISHED, PAUSED, RUNNING, Configuration
from crosstune.samplers.scheduled.decisions import Continuation, Decision, Pause, ScheduleOver
from crosstune.samplers.scheduled.ranking import begin_at_first, next_promotion, ranked
from crosstune.samplers.scheduled.rungs import rungs
from crosstune.samplers.scheduled.settings import Scheduler

begin = begin_at_first


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
        there = ranked((c for c in begun if _has_reached(c, rung)), rung)
        promotion = next_promotion(there[: len(there) // factor], following)
        if promotion is not None:
            return promotion
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
    if configuration.state == RUNNING:
        return any(epoch >= rung for epoch in configuration.curve)
    return configuration.epochs >= rung
