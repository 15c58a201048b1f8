"""The tuning loop: `study.optimize` with a budget for the study as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

import optuna
from optuna.study import Study

from crosstune.engines.budget import SearchBudget
from crosstune.objectives import TrialFailed
from crosstune.objectives.measured import is_nan
from crosstune.recommendation.repeats import queue_repeat
from crosstune.resume import keeper
from crosstune.samplers.constraints import must_be_watched, note_constraints
from crosstune.spec.callbacks import entered
from crosstune.study.failures import Failures
from crosstune.study.patience import log_end, out_of_patience
from crosstune.study.trials import finished
from crosstune.system.interrupts import Watch, watched
from crosstune.tuning.between_trials import (
    Callback,
    end_if_asked,
    ends_when_exhausted,
    ends_without_patience,
    exhausted,
    note_of_constraints,
    queues_repeats,
    remove_paused,
    tidying_of,
)
from crosstune.tuning.request import Plan
from crosstune.tuning.run_errors import Interrupted, raising

if TYPE_CHECKING:
    from crosstune.parallel.parallel_evaluation import Several


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
    with watched() as watch, raising(study):
        left = None if trials is None else trials - finished(study)
        if left is not None and left <= 0:
            return
        if several is None and out_of_patience(study, budget):
            log_end(study, budget)
            return
        notes_constraints = must_be_watched(study.sampler)
        tidying = tidying_of(study)
        callbacks = [*callbacks, *tidying]
        resumed = several is not None and several.under_way  # then it is checked in order
        if not resumed:
            queue_repeat(study, budget)
            if exhausted(study):
                return
        if several is not None:
            noting = [note_of_constraints] if notes_constraints else []
            several.run(study, budget, [*callbacks, *noting])
            remove_paused(study, tidying)
            return
        snapshots = keeper(study)
        saving = [] if snapshots is None else [snapshots]
        ending = ends_when_exhausted(study, trials, seconds) + ends_without_patience(budget)
        queuing = queues_repeats(budget, watch)
        after_each: list[Callback] = [*callbacks, *queuing, *ending, *saving]
        if after_each:
            after_each.append(partial(end_if_asked, watch))
        study.optimize(
            _Hopeful(function, Failures(study), watch, notes_constraints),
            n_trials=left,
            timeout=seconds,
            catch=(TrialFailed,),
            callbacks=after_each,
        )
        if watch.asked:  # but a trial ended anyway
            raise Interrupted
        if snapshots is not None:
            snapshots.finish()
        remove_paused(study, tidying)


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
            raise Interrupted from None
        except optuna.TrialPruned:
            self._failures.note_success()
            raise
        except Exception as error:
            if self._watch.asked:  # the objective, or a library, has turned Ctrl-C into it
                raise Interrupted from None
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
