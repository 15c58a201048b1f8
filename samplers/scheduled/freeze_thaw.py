"""Freeze-thaw: a share of the epochs of whole trainings goes where it improves the most.

Each new configuration is trained for a few epochs, and earns a credit of epochs. While credit
lasts, the paused configuration with the highest expected improvement over the best finished one is
trained to its next rung, and then all ends are predicted again. A fifth of the share is spent at
the end.

After Swersky, Snoek and Adams, Freeze-thaw Bayesian optimization (2014).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from crosstune.samplers.scheduled.configurations import (
    FINISHED,
    PAUSED,
    RUNNING,
    Configuration,
)
from crosstune.samplers.scheduled.decisions import Continuation, Decision, Pause, ScheduleOver
from crosstune.samplers.scheduled.improvement import expected_improvement
from crosstune.samplers.scheduled.prediction import Prediction
from crosstune.samplers.scheduled.ranking import begin_at_first
from crosstune.samplers.scheduled.rungs import rungs
from crosstune.samplers.scheduled.settings import Scheduler

RESERVE = 0.2
"""The part of the share that is kept for the end."""

Predict = Callable[[], Prediction]
"""Predicts the end of each configuration."""


begin = begin_at_first


def decide(
    begun: Sequence[Configuration],
    scheduler: Scheduler,
    limit: int | None,
    predict: Predict,
) -> Decision:
    """What to train next.

    Args:
        begun: the configurations so far.
        scheduler: with its options.
        limit: the number of configurations; None for no limit, and no reserve.
        predict: predicts the end of each; called only where it matters.
    """
    more = limit is None or len(begun) < limit
    spent = sum(c.spent for c in begun)
    whole = scheduler.options["share"] * scheduler.max_epochs
    most = math.inf if limit is None else whole * limit
    now = most
    if more:
        now = whole * len(begun) * (1.0 if limit is None else 1.0 - RESERVE)
    first = int(scheduler.options["first"])
    room = most if limit is None else most - spent - max(limit - len(begun), 0) * first
    paused = [c for c in begun if c.state == PAUSED]
    lacks_end = all(c.state != FINISHED for c in begun)
    candidates = [
        c
        for c in paused
        # One of them has to reach the end, so as long as none has, that is kept free.
        if (scheduler.max_epochs if lacks_end else following(c, scheduler)) - c.epochs <= room
    ]
    if candidates and spent < now:
        best = _best(begun, candidates, predict())
        return Continuation(best, following(best, scheduler))
    if more:
        return begin(begun, scheduler)
    if any(c.state == RUNNING for c in begun):
        return Pause()
    if paused and lacks_end:
        means = predict().means
        return Continuation(
            min(paused, key=lambda c: (means[c.index], c.index)), scheduler.max_epochs
        )
    return ScheduleOver()


def following(configuration: Configuration, scheduler: Scheduler) -> int:
    """The next rung of a configuration."""
    options = scheduler.options
    ladder = rungs(int(options["first"]), options["step"], scheduler.max_epochs)
    return next((rung for rung in ladder if rung > configuration.epochs), scheduler.max_epochs)


def _best(
    begun: Sequence[Configuration], candidates: Sequence[Configuration], prediction: Prediction
) -> Configuration:
    """The candidate with the highest expected improvement."""
    finished = [c.index for c in begun if c.state == FINISHED]
    reached: NDArray[np.float64] = prediction.reached if finished else prediction.means
    among = finished or [c.index for c in begun if c.state in (PAUSED, RUNNING) and c.curve]
    incumbent = min((float(reached[i]) for i in among), default=0.0)

    def rank(configuration: Configuration) -> tuple[float, float, int]:
        mean = float(prediction.means[configuration.index])
        deviation = float(prediction.deviations[configuration.index])
        return -expected_improvement(incumbent - mean, deviation), mean, configuration.index

    return min(candidates, key=rank)
