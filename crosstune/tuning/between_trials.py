"""What a run does between two trials: callbacks that end it, queue repeats or tidy up."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Sequence

from optuna.study import Study
from optuna.trial import FrozenTrial

from crosstune.checkpoints.superseded import Tidying
from crosstune.engines.budget import SearchBudget
from crosstune.recommendation.repeats import queue_repeat
from crosstune.samplers.constraints import note_constraints
from crosstune.samplers.engine import EngineSampler
from crosstune.study.patience import log_end, out_of_patience
from crosstune.study.trials import finished
from crosstune.system.interrupts import Watch
from crosstune.tuning.run_errors import Interrupted

Callback = Callable[[Study, FrozenTrial], None]
_logger = logging.getLogger("crosstune")


def end_if_asked(watch: Watch, _: Study, __: FrozenTrial) -> None:
    """End a run between two trials, if Ctrl-C was pressed in a callback that swallowed it.

    Args:
        watch: for Ctrl-C.
        _, __: as Optuna calls a callback.
    """
    if watch.asked:
        raise Interrupted


def note_of_constraints(study: Study, trial: FrozenTrial) -> None:
    """Warn if a trial has constraints that the sampler cannot use."""
    note_constraints(study, study.sampler, trial)


def queues_repeats(budget: SearchBudget, watch: Watch) -> list[Callback]:
    """A callback that queues the next trial if it is a repeat; empty without repeats."""
    if not budget.repeats:
        return []
    deadline = math.inf if budget.seconds is None else time.monotonic() + budget.seconds

    def queue_next(study: Study, _: FrozenTrial) -> None:
        if not watch.asked and time.monotonic() < deadline:
            queue_repeat(study, budget)

    return [queue_next]


def ends_when_exhausted(study: Study, trials: int | None, seconds: float | None) -> list[Callback]:
    """A callback that stops a study if its engine has no point left.

    Optuna copies a trial for each callback, so the list is empty if that cannot happen.

    Args:
        study: that runs.
        trials: finished ones in total; None sets no limit.
        seconds: after which no trial starts; None sets no limit.
    """
    sampler = study.sampler
    if not isinstance(sampler, EngineSampler) or (trials or math.inf) <= sampler.lasts(study):
        return []
    deadline = math.inf if seconds is None else time.monotonic() + seconds

    def stop_when_exhausted(study: Study, _: FrozenTrial) -> None:
        done = trials is not None and finished(study) >= trials
        if not done and time.monotonic() < deadline and exhausted(study):
            study.stop()

    return [stop_when_exhausted]


def tidying_of(study: Study) -> list[Tidying]:
    """A callback that removes checkpoints, if the study has a scheduler."""
    sampler = study.sampler
    if not isinstance(sampler, EngineSampler) or sampler.scheduler is None:
        return []
    return [Tidying(sampler.scheduler.checkpoints)]


def remove_paused(study: Study, tidying: Sequence[Tidying]) -> None:
    """Remove the checkpoints of paused configurations, if the schedule is over."""
    sampler = study.sampler
    for callback in tidying:
        if isinstance(sampler, EngineSampler) and sampler.exhausted(study):
            callback.finish(study)


def ends_without_patience(budget: SearchBudget) -> list[Callback]:
    """A callback that stops a study at the end of its patience; empty without patience."""
    if budget.patience is None:
        return []

    def stop_without_improvement(study: Study, _: FrozenTrial) -> None:
        if (budget.trials or math.inf) > finished(study) and out_of_patience(study, budget):
            log_end(study, budget)
            study.stop()

    return [stop_without_improvement]


def exhausted(study: Study) -> bool:
    """Whether the engine, or the schedule, has nothing left; says so."""
    sampler = study.sampler
    if isinstance(sampler, EngineSampler) and sampler.exhausted(study):
        done = finished(study)
        level = logging.WARNING if sampler.scheduler is None else logging.INFO
        _logger.log(level, "%s after %d trials, so the study ends here", sampler.why_it_ends, done)
        return True
    return False
