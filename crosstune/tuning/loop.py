"""The tuning loop: `study.optimize` with a budget for the study as a whole."""

from __future__ import annotations

import errno
import logging
import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import optuna
from optuna.study import Study
from optuna.trial import FrozenTrial

from crosstune import _optuna
from crosstune.checkpoints.stores import StoreFailed
from crosstune.checkpoints.superseded import Tidying
from crosstune.engines.budget import SearchBudget
from crosstune.errors import RunError
from crosstune.objectives import TrialFailed
from crosstune.objectives.measured import is_nan
from crosstune.recommendation.repeats import queue_repeat
from crosstune.resume import Differs, differing, keeper, stopped
from crosstune.samplers.constraints import must_be_watched, note_constraints
from crosstune.samplers.engine import EngineSampler
from crosstune.spec.callbacks import entered
from crosstune.study.failures import Failures
from crosstune.study.patience import log_end, out_of_patience
from crosstune.study.storage import file_of
from crosstune.study.trials import finished
from crosstune.system.interrupts import Watch, watched
from crosstune.tuning.request import Plan

if TYPE_CHECKING:
    from crosstune.parallel.parallel_evaluation import Several

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)
_NOT_ALLOWED = (errno.EACCES, errno.EPERM)
Callback = Callable[[Study, FrozenTrial], None]
_logger = logging.getLogger("crosstune")


def run_plan(plan: Plan, study: Study, callbacks: Iterable[Callback] = ()) -> None:
    """Evaluate the trials of a plan in its study.

    Args:
        plan: with an objective and a budget.
        study: opened by the plan.
        callbacks: Optuna's, called with the study and the finished trial.

    Raises:
        RunError: see `tune`.
    """
    assert plan.function is not None
    assert plan.budget is not None
    with entered(plan.callbacks):
        run(
            study,
            plan.function,
            trials=plan.budget.trials,
            seconds=plan.budget.seconds,
            repeats=plan.budget.repeats,
            patience=plan.budget.patience,
            callbacks=[*plan.callbacks, *callbacks],
            several=plan.several,
        )


def run(
    study: Study,
    function: Callable[[optuna.Trial], Any],
    *,
    trials: int | None,
    seconds: float | None,
    repeats: int = 0,
    patience: int | None = None,
    callbacks: Iterable[Callback] = (),
    several: Several | None = None,
) -> None:
    """Evaluate until the study has `trials` finished trials, or `seconds` have passed.

    With neither, the engine decides when the search is over; see `crosstune.engines.budget`.

    Args:
        study: whose trials to evaluate.
        function: the objective.
        trials: finished trials of the study in total; None sets no limit.
        seconds: after which no trial starts; None sets no limit.
        repeats: how many of the last trials evaluate leading points again.
        patience: trials in a row without an improvement after which the study ends.
        callbacks: Optuna's, called with the study and the finished trial.
        several: evaluates `function` in other processes, if any.

    Raises:
        RunError: see `tune`.
    """
    budget = SearchBudget(trials, seconds, repeats, patience=patience)
    with watched() as watch, _failing(study):
        left = None if trials is None else trials - finished(study)
        if left is not None and left <= 0:
            return
        if several is None and out_of_patience(study, budget):
            log_end(study, budget)
            return
        notes_constraints = must_be_watched(study.sampler)
        tidying = _tidying(study)
        callbacks = [*callbacks, *tidying]
        resumed = several is not None and several.under_way  # then it is checked in order
        if not resumed:
            queue_repeat(study, budget)
            if _exhausted(study):
                return
        if several is not None:
            noting = [_note_constraints] if notes_constraints else []
            several.run(study, budget, [*callbacks, *noting])
            _remove_paused(study, tidying)
            return
        snapshots = keeper(study)
        saving = [] if snapshots is None else [snapshots]
        ending = _ends_when_exhausted(study, trials, seconds) + _ends_without_patience(budget)
        queuing = _queues_repeats(budget, watch)
        after_each: list[Callback] = [*callbacks, *queuing, *ending, *saving]
        if after_each:
            after_each.append(partial(_end_if_asked, watch))
        study.optimize(
            _Hopeful(function, Failures(study), watch, notes_constraints),
            n_trials=left,
            timeout=seconds,
            catch=(TrialFailed,),
            callbacks=after_each,
        )
        if watch.asked:  # but a trial ended anyway
            raise _Interrupted
        if snapshots is not None:
            snapshots.finish()
        _remove_paused(study, tidying)


@contextmanager
def _failing(study: Study) -> Iterator[None]:
    """Raise the errors of a run as `tune` documents them."""
    try:
        yield
    except _Interrupted:
        stopped(study)
        raise KeyboardInterrupt from None
    except UnboundLocalError as error:
        # Optuna raises this if Ctrl-C comes while it tells the end of a trial.
        if isinstance(error.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from None
        raise
    except Differs as differs:
        raise differing(study, differs) from None
    except (AssertionError, OSError, RunError) as error:
        # If the storage cannot write the end of a trial either, an assertion of Optuna fails.
        failure = _storage_failure(error, file_of(_optuna.identity(study)[0]))
        if failure is None:
            raise
        raise RunError(
            f"the study cannot be written: {failure.strerror}. What is finished is kept"
        ) from error


def _storage_failure(error: BaseException, file: Path | None) -> OSError | None:
    """The full disk, or the like, that caused an error outside of the objective.

    Args:
        error: to look for its cause.
        file: of the study. A missing permission counts for this file only.
    """
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, StoreFailed | TrialFailed):
        if isinstance(cause, OSError):
            refused = cause.errno in _NOT_ALLOWED and str(cause.filename) == str(file)
            if refused or cause.errno in _NO_ROOM:
                return cause
        cause = cause.__cause__ or cause.__context__
    return None


class _Interrupted(BaseException):
    """Ctrl-C in a trial. Optuna would fail a trial that raises KeyboardInterrupt; it stays open."""


class _Hopeful:
    """An objective that ends the run if its first trials all fail.

    Args:
        function: the objective.
        failures: counts failed trials.
        watch: for Ctrl-C.
        notes_constraints: whether to warn of constraints that the sampler cannot use.
    """

    def __init__(
        self,
        function: Callable[[optuna.Trial], Any],
        failures: Failures,
        watch: Watch,
        notes_constraints: bool,
    ):
        self._function = function
        self._failures = failures
        self._watch = watch
        self._notes_constraints = notes_constraints

    def __call__(self, trial: optuna.Trial) -> Any:
        try:
            return self._evaluate(trial)
        finally:
            if self._watch.asked:
                trial.study.stop()

    def _evaluate(self, trial: optuna.Trial) -> Any:
        try:
            if self._watch.asked:
                raise KeyboardInterrupt
            value = self._function(trial)
        except KeyboardInterrupt:
            raise _Interrupted from None
        except optuna.TrialPruned:
            self._failures.note_success()
            raise
        except Exception as error:
            if self._watch.asked:  # the objective, or a library, has turned Ctrl-C into it
                raise _Interrupted from None
            if not isinstance(error, TrialFailed):
                raise
            self._failures.note_failure(trial)
            raise
        if self._notes_constraints:
            note_constraints(trial.study, trial.study.sampler, trial)
        if is_nan(value):
            self._failures.note_failure(trial)
        else:
            self._failures.note_success()
        return value


def _end_if_asked(watch: Watch, _: Study, __: FrozenTrial) -> None:
    """End a run between two trials, if Ctrl-C was pressed in a callback that swallowed it."""
    if watch.asked:
        raise _Interrupted


def _note_constraints(study: Study, trial: FrozenTrial) -> None:
    note_constraints(study, study.sampler, trial)


def _queues_repeats(budget: SearchBudget, watch: Watch) -> list[Callback]:
    """A callback that queues the next trial if it is a repeat; empty without repeats."""
    if not budget.repeats:
        return []
    deadline = math.inf if budget.seconds is None else time.monotonic() + budget.seconds

    def queue_next(study: Study, _: FrozenTrial) -> None:
        if not watch.asked and time.monotonic() < deadline:
            queue_repeat(study, budget)

    return [queue_next]


def _ends_when_exhausted(study: Study, trials: int | None, seconds: float | None) -> list[Callback]:
    """A callback that stops a study if its engine has no point left.

    Optuna copies a trial for each callback, so the list is empty if that cannot happen.
    """
    sampler = study.sampler
    if not isinstance(sampler, EngineSampler) or (trials or math.inf) <= sampler.lasts(study):
        return []
    deadline = math.inf if seconds is None else time.monotonic() + seconds

    def stop_when_exhausted(study: Study, _: FrozenTrial) -> None:
        done = trials is not None and finished(study) >= trials
        if not done and time.monotonic() < deadline and _exhausted(study):
            study.stop()

    return [stop_when_exhausted]


def _tidying(study: Study) -> list[Tidying]:
    """A callback that removes checkpoints, if the study has a scheduler."""
    sampler = study.sampler
    if not isinstance(sampler, EngineSampler) or sampler.scheduler is None:
        return []
    return [Tidying(sampler.scheduler.checkpoints)]


def _remove_paused(study: Study, tidying: Sequence[Tidying]) -> None:
    """Remove the checkpoints of paused configurations, if the schedule is over."""
    sampler = study.sampler
    for callback in tidying:
        if isinstance(sampler, EngineSampler) and sampler.exhausted(study):
            callback.finish(study)


def _ends_without_patience(budget: SearchBudget) -> list[Callback]:
    """A callback that stops a study at the end of its patience; empty without patience."""
    if budget.patience is None:
        return []

    def stop_without_improvement(study: Study, _: FrozenTrial) -> None:
        if (budget.trials or math.inf) > finished(study) and out_of_patience(study, budget):
            log_end(study, budget)
            study.stop()

    return [stop_without_improvement]


def _exhausted(study: Study) -> bool:
    sampler = study.sampler
    if isinstance(sampler, EngineSampler) and sampler.exhausted(study):
        done = finished(study)
        level = logging.WARNING if sampler.scheduler is None else logging.INFO
        _logger.log(level, "%s after %d trials, so the study ends here", sampler.why_it_ends, done)
        return True
    return False
