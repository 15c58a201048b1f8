"""The tuning loop: `study.optimize` with a budget for the study as a whole."""

from __future__ import annotations

import errno
import logging
import math
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import optuna
from optuna.study import Study
from optuna.trial import FrozenTrial

from crosstune import _optuna
from crosstune.checkpoints.stores import StoreFailed
from crosstune.errors import RunError
from crosstune.objectives import TrialFailed
from crosstune.resume import Differs, differing, keeper, stopped
from crosstune.samplers.constraints import must_be_watched, note_constraints
from crosstune.samplers.engine import EngineSampler
from crosstune.study.failures import Failures
from crosstune.study.storage import file_of
from crosstune.study.trials import finished
from crosstune.system.interrupts import Watch, watched
from crosstune.tuning.front import Plan

if TYPE_CHECKING:
    from crosstune.parallel.parallel_evaluation import Several

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)
_NOT_ALLOWED = (errno.EACCES, errno.EPERM)
Callback = Callable[[Study, FrozenTrial], None]
_logger = logging.getLogger("crosstune")


def run_plan(plan: Plan, study: Study, callbacks: Iterable[Callback] = ()) -> None:
    """Evaluate the trials of a plan in its study.

    Args:
        callbacks: Optuna's, called with the study and the finished trial.

    Raises:
        RunError: see `tune`.
    """
    assert plan.function is not None
    assert plan.budget is not None
    run(
        study,
        plan.function,
        trials=plan.budget.trials,
        seconds=plan.budget.seconds,
        callbacks=callbacks,
        several=plan.several,
    )


def run(
    study: Study,
    function: Callable[[optuna.Trial], float],
    *,
    trials: int | None,
    seconds: float | None,
    callbacks: Iterable[Callback] = (),
    several: Several | None = None,
) -> None:
    """Evaluate until the study has `trials` finished trials, or `seconds` have passed.

    With neither, the engine decides when the search is over; see `crosstune.engines.budget`.

    Args:
        several: who evaluates, where it is not this process alone; then `function` is its.

    Raises:
        RunError: see `tune`.
    """
    with watched() as watch:
        _run(study, function, trials, seconds, callbacks, several, watch)


def _run(
    study: Study,
    function: Callable[[optuna.Trial], float],
    trials: int | None,
    seconds: float | None,
    callbacks: Iterable[Callback],
    several: Several | None,
    watch: Watch,
) -> None:
    left = None if trials is None else trials - finished(study)
    if left is not None and left <= 0:
        return
    notes_constraints = must_be_watched(study.sampler)
    resumed = several is not None and several.under_way  # then it is asked in its turn
    if not resumed and _exhausted(study):
        return
    snapshots = None if several is not None else keeper(study)
    kept = [] if snapshots is None else [snapshots]
    try:
        if several is not None:
            several.run(
                study,
                trials=trials,
                seconds=seconds,
                callbacks=[*callbacks, _note_constraints] if notes_constraints else callbacks,
            )
            return
        after_each: list[Callback] = [
            *callbacks,
            *_ends_when_exhausted(study, trials, seconds),
            *kept,
        ]
        if after_each:
            after_each.append(partial(_end_if_asked, watch))
        study.optimize(
            _Hopeful(function, Failures(study), watch, notes_constraints),
            n_trials=left,
            timeout=seconds,
            catch=(TrialFailed,),
            callbacks=after_each,
        )
        if watch.asked:  # and a trial ended in spite of it
            raise _Interrupted
        if snapshots is not None:
            snapshots.finish()
    except _Interrupted:
        stopped(study)
        raise KeyboardInterrupt from None
    except UnboundLocalError as error:
        # What Optuna makes of Ctrl-C while it tells the end of a trial.
        if isinstance(error.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from None
        raise
    except Differs as differs:
        raise differing(study, differs) from None
    except (AssertionError, OSError, RunError) as error:
        # Where the storage cannot tell the end of a trial either, Optuna ends in an assertion.
        failure = _storage_failure(error, file_of(_optuna.identity(study)[0]))
        if failure is None:
            raise
        raise RunError(
            f"the study cannot be written: {failure.strerror}. What is finished is kept"
        ) from error


def _storage_failure(error: BaseException, file: Path | None) -> OSError | None:
    """The full disk, or the like, at the root of an error; not where the objective met it.

    Args:
        file: the study's, of which alone it matters that it may not be written.
    """
    found: BaseException | None = error
    while found is not None and not isinstance(found, StoreFailed | TrialFailed):
        if isinstance(found, OSError):
            refused = found.errno in _NOT_ALLOWED and str(found.filename) == str(file)
            if refused or found.errno in _NO_ROOM:
                return found
        found = found.__cause__ or found.__context__
    return None


class _Interrupted(BaseException):
    """Ctrl-C in a trial. Optuna would fail the trial; so it stays as it is, to be resumed."""


class _Hopeful:
    """An objective that is given up when its first trials all fail.

    Args:
        failures: the count of those so far.
        watch: for Ctrl-C.
        notes_constraints: whether the sampler does not say itself that it cannot use constraints.
    """

    def __init__(
        self,
        function: Callable[[optuna.Trial], float],
        failures: Failures,
        watch: Watch,
        notes_constraints: bool,
    ):
        self._function = function
        self._failures = failures
        self._watch = watch
        self._notes_constraints = notes_constraints

    def __call__(self, trial: optuna.Trial) -> float:
        try:
            return self._evaluate(trial)
        finally:
            if self._watch.asked:
                trial.study.stop()

    def _evaluate(self, trial: optuna.Trial) -> float:
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
            if self._watch.asked:  # what the objective, or a library, has made of it
                raise _Interrupted from None
            if not isinstance(error, TrialFailed):
                raise
            self._failures.note_failure(trial)
            raise
        if self._notes_constraints:
            note_constraints(trial.study, trial.study.sampler, trial)
        if value != value:
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


def _ends_when_exhausted(study: Study, trials: int | None, seconds: float | None) -> list[Callback]:
    """A callback that stops a study whose engine has no point left, where that can happen.

    Optuna copies a trial for each callback, so there is none where it is not needed.
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


def _exhausted(study: Study) -> bool:
    sampler = study.sampler
    if isinstance(sampler, EngineSampler) and sampler.exhausted(study):
        _logger.warning(
            "%s after %d trials, so the study ends here",
            sampler.why_it_ends,
            finished(study),
        )
        return True
    return False
