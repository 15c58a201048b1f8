"""The tuning loop: `study.optimize` with a budget for the study as a whole."""

from __future__ import annotations

import errno
import logging
import math
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import optuna
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from crosstune import _optuna
from crosstune.checkpoints.stores import StoreFailed
from crosstune.engines import budget as budgets
from crosstune.errors import RequestError, RunError
from crosstune.objectives import ERROR, Objective, TrialFailed, prepare
from crosstune.resume import Differs, differing, keeper, stopped
from crosstune.samplers.constraints import must_be_watched, note_constraints
from crosstune.samplers.engine import EngineSampler
from crosstune.spec.spec import Spec, load
from crosstune.study.choice import choose, named
from crosstune.study.earlier_names import as_recorded
from crosstune.study.lock import driving
from crosstune.study.storage import Place, file_at, file_of
from crosstune.study.warm_start import Earlier
from crosstune.system.interrupts import Watch, watched
from crosstune.system.scalars import plain_arguments
from crosstune.tuning.front import open_study

if TYPE_CHECKING:
    from crosstune.parallel.parallel_evaluation import Several

HOPELESS = 3
"""How many trials may fail before any has worked: then the objective is taken to be broken."""

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)
_NOT_ALLOWED = (errno.EACCES, errno.EPERM)
Callback = Callable[[Study, FrozenTrial], None]
_logger = logging.getLogger("crosstune")


@plain_arguments("spec")
def tune(
    spec: Spec | str | Path | Mapping[str, Any],
    objective: Objective | str | Mapping[str, Any] | None = None,
    *,
    backend: str | None = None,
    sampler: str | Mapping[str, Any] | None = None,
    pruner: str | Mapping[str, Any] | None = None,
    trials: int | None = None,
    seconds: float | None = None,
    seed: int | None = None,
    warm_start: Earlier | Iterable[Earlier] = (),
    start: Iterable[Mapping[str, Any]] | None = None,
    storage: Place = None,
    study_name: str | None = None,
    resume: bool | str = False,
    callbacks: Iterable[Callback] = (),
    dialect: str | None = None,
    workers: int | None = None,
    executor: Executor | str | None = None,
    lag: int | None = None,
    trial_seconds: float | None = None,
    host: str | None = None,
) -> Study:
    """Run a study and return it.

    Every keyword defaults to what the spec says.

    Args:
        spec: a Spec, its file, a mapping of its keys, or a Hyperopt space.
        objective: `f(params)`, `f(params, trial)` or Optuna's `f(trial)`; ``module:function``; or
            the mapping of the sklearn dialect. It returns the metric, or a mapping with it.
        backend, sampler, pruner, seed, warm_start: see `create_study`.
        trials: how many finished trials the study shall have, pruned and failed ones counted.
        seconds: how long to go on. With neither, the budget is 100 trials, and none for a grid
            or a scheduler, which end by themselves.
        start: points to evaluate first.
        storage, study_name: where to keep the study. None keeps it in memory.
        resume: go on with the study that is there, up to the budget. True goes on to the trials
            that the uninterrupted run would have had; "fresh" with a fresh engine that learns from
            the trials.
        callbacks: Optuna's, called with the study and the finished trial.
        dialect: "optuna", "crosstune", "hyperopt" or "sklearn", where it cannot be told.
        workers: how many trials to evaluate at a time, in as many processes.
        executor: where to evaluate them instead: an executor of yours, the address of a Dask
            scheduler, or "local" for a Dask cluster on this machine.
        lag: with several at a time, tell each outcome `lag` trials after it was asked for, so that
            any number of workers up to `lag + 1` has the same history. None: as they arrive.
        trial_seconds: end the process of a trial that takes longer; for `workers` alone, and Dask.
        host: the address of this machine for workers on others.

    Returns:
        The `optuna.Study`. A trial whose objective raises, or returns NaN, is a failed trial.

    Raises:
        RequestError: a bad request; nothing was evaluated.
        Mismatch: the study cannot go on to the same trials, and why.
        RunError: the objective returned no number, or its first three trials all failed.

    >>> study = tune(
    ...     {"space": {"x": {"type": "float", "low": -1, "high": 1}}, "seed": 0},
    ...     lambda params: params["x"] ** 2,
    ...     trials=30,
    ... )
    >>> study.best_value < 0.01
    True
    """
    loaded = load(spec)
    if start is not None:
        loaded = Spec(**{**_keys(loaded), "start": [dict(point) for point in start]})
    if resume:
        loaded = as_recorded(loaded, storage, study_name)
    engine = choose(loaded, backend=backend, sampler=sampler, seed=seed, warm_start=warm_start)
    if pruner is not None:
        named(pruner)  # no instance: that goes into a study of the user's own
    function = prepare(loaded, objective, dialect)
    several: Several | None = None
    asked = (workers, executor, lag, trial_seconds, host)
    if any(each is not None for each in asked):
        from crosstune.parallel.evaluate import Recipe
        from crosstune.parallel.parallel_evaluation import Several, Workers

        several = Several(Workers(*asked), Recipe(loaded, objective, dialect), function)
        engine = several.workers.noted(engine)
    budget = budgets.settle(
        loaded, trials=trials, seconds=seconds, ends_by_itself=engine.ends_by_itself
    )
    with watched(), driving(file_at(storage), study_name or loaded.name):
        study = open_study(
            loaded,
            engine,
            pruner=pruner,
            storage=storage,
            study_name=study_name,
            resume=resume,
            budget=budget,
            several=several,
            evaluated=None if storage is None else function.evaluated(),
        )
        run(
            study,
            function,
            trials=budget.trials,
            seconds=budget.seconds,
            callbacks=callbacks,
            several=several,
        )
    return study


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
        RequestError: a budget that is not positive.
        RunError: see `tune`.
    """
    for name, budget in (("trials", trials), ("seconds", seconds)):
        if budget is not None and not budget > 0:
            raise RequestError(f"{name} has to be above 0, not {budget!r}")
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
                hopeless=HOPELESS,
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
            _Hopeful(function, _failed_so_far(study), watch, notes_constraints),
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


def finished(study: Study) -> int:
    """How many trials have ended, in whatever state."""
    return sum(trial.state.is_finished() for trial in study.get_trials(deepcopy=False))


class _Interrupted(BaseException):
    """Ctrl-C in a trial. Optuna would fail the trial; so it stays as it is, to be resumed."""


class _Hopeful:
    """An objective that is given up when its first trials all fail.

    Args:
        failed: how many have failed before.
        watch: for Ctrl-C.
        notes_constraints: whether the sampler does not say itself that it cannot use constraints.
    """

    def __init__(
        self,
        function: Callable[[optuna.Trial], float],
        failed: int,
        watch: Watch,
        notes_constraints: bool,
    ):
        self._function = function
        self._failed = failed
        self._watch = watch
        self._notes_constraints = notes_constraints
        self._works = False

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
            self._works = True
            raise
        except Exception as error:
            if self._watch.asked:  # what the objective, or a library, has made of it
                raise _Interrupted from None
            if not isinstance(error, TrialFailed):
                raise
            self._note_failure(trial)
            raise
        if self._notes_constraints:
            note_constraints(trial.study, trial.study.sampler, trial)
        if value != value:
            self._note_failure(trial)
        else:
            self._works = True
        return value

    def _note_failure(self, trial: optuna.Trial) -> None:
        self._failed += 1
        if not self._works and self._failed >= HOPELESS and not _has_worked(trial.study):
            raise RunError(
                f"the first {self._failed} trials all failed, the last with "
                f"{trial.user_attrs.get(ERROR, 'no message')}"
            )


def _end_if_asked(watch: Watch, _: Study, __: FrozenTrial) -> None:
    """End a run between two trials, if Ctrl-C was pressed in a callback that swallowed it."""
    if watch.asked:
        raise _Interrupted


def _note_constraints(study: Study, trial: FrozenTrial) -> None:
    note_constraints(study, study.sampler, trial)


def _failed_so_far(study: Study) -> int:
    """The failures that count in a run that is resumed; those that ended one do not."""
    return 0 if _has_worked(study) else finished(study) % HOPELESS


def _has_worked(study: Study) -> bool:
    states = (TrialState.COMPLETE, TrialState.PRUNED)
    return bool(study.get_trials(deepcopy=False, states=states))


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


def _keys(spec: Spec) -> dict[str, Any]:
    return {name: getattr(spec, name) for name in type(spec).model_fields}
