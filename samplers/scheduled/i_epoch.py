"""i-Epoch: train every configuration for a few epochs, and then the best ones to the end.

Egele, Mohr, Viering and Balaprakash, The Unreasonable Effectiveness of Early Discarding After One
Epoch in Neural Network Hyperparameter Optimization (2024).
"""

from __future__ import annotations

from collections.abc import Sequence

from crosstune.samplers.scheduled.configurations import RUNNING, Configuration
from crosstune.samplers.scheduled.decisions import Decision, Pause
from crosstune.samplers.scheduled.ranking import (
    begin_at_first,
    next_promotion,
    pause_or_end,
    ranked,
)
from crosstune.samplers.scheduled.settings import Scheduler

begin = begin_at_first


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
    finalists = ranked(begun, first)[: int(scheduler.options["finalists"])]
    return next_promotion(finalists, scheduler.max_epochs) or pause_or_end(finalists)
