"""The next decision of a scheduler."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial

from crosstune.samplers.scheduled import freeze_thaw, hyperband, i_epoch, successive_halving
from crosstune.samplers.scheduled.configurations import Configuration
from crosstune.samplers.scheduled.decisions import Continuation, Decision, NewConfiguration
from crosstune.samplers.scheduled.prediction import Prediction, predicted
from crosstune.samplers.scheduled.settings import Scheduler

_SIMPLE = {
    "i-epoch": i_epoch.decide,
    "successive-halving": successive_halving.decide,
    "hyperband": hyperband.decide,
}
_BEGIN = {
    "freeze-thaw": freeze_thaw.begin,
    "i-epoch": i_epoch.begin,
    "successive-halving": successive_halving.begin,
    "hyperband": hyperband.begin,
}


def begin(begun: Sequence[Configuration], scheduler: Scheduler) -> NewConfiguration:
    """How far a new configuration is trained at first, such as a queued one.

    Args:
        begun: the earlier ones.
        scheduler: with its options.
    """
    return _BEGIN[scheduler.name](begun, scheduler)


def decide(begun: Sequence[Configuration], scheduler: Scheduler, limit: int | None) -> Decision:
    """What to train next.

    Args:
        begun: the configurations so far, in the order in which they began.
        scheduler: with its options.
        limit: the number of configurations; None for no limit.
    """
    if scheduler.name == "freeze-thaw":
        predict = cache(partial(_predicted, begun, scheduler))
        return freeze_thaw.decide(begun, scheduler, limit, predict)
    return _SIMPLE[scheduler.name](begun, scheduler, limit)


def _predicted(begun: Sequence[Configuration], scheduler: Scheduler) -> Prediction:
    return predicted(begun, scheduler.max_epochs)


__all__ = ["Continuation", "Decision", "NewConfiguration", "begin", "decide"]
