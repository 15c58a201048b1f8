"""One worker of a shared study."""

from __future__ import annotations

import logging
import math
import os
import platform
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import fail_stale_trials
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState

from crosstune import _optuna
from crosstune.engines.budget import SearchBudget
from crosstune.engines.record import BUDGET, amend_record
from crosstune.engines.record_names import BEGAN, ERROR, LOST, RUNS, TRIAL_BUDGET
from crosstune.engines.seeds import derived_seed
from crosstune.errors import CrosstuneError, Unsupported, message_of
from crosstune.parallel.evaluate import outcome_of
from crosstune.parallel.task import STATES, TaskOutcome
from crosstune.recommendation.repeats import queue_repeat
from crosstune.samplers.constraints import note_constraints
from crosstune.samplers.engine import EngineSampler
from crosstune.study.earlier_names import as_recorded
from crosstune.study.failures import check_hope, has_worked
from crosstune.study.internal import own_study
from crosstune.study.patience import out_of_patience
from crosstune.study.storage import describe
from crosstune.system.interrupts import Watch, watched
from crosstune.tuning.front import settle
from crosstune.tuning.request import Plan
from crosstune.worker.ask_lock import WorkerTurns
from crosstune.worker.database import Steady, check_is_shared, open_database, steadily
from crosstune.worker.heartbeat import Heartbeat
from crosstune.worker.join import joined
from crosstune.worker.lost_trials import counting, sweep

HEARTBEAT = 20
"""Seconds between two signs of life; a trial without one for three times as long is taken back."""

LOOK_AGAIN = 5.0
"""The most seconds between two looks of a worker without a trial for one that was given back."""

Callback = Callable[[Study, FrozenTrial], None]
_logger = logging.getLogger("crosstune")


class Worker:
    """A worker at a study that other workers may share.

    Each trial is proposed by a fresh engine that has learnt all finished trials, under a seed
    derived from the study's seed and the trial's number.

    Args:
        plan: of the study; its storage is the URL of a PostgreSQL database.
        heartbeat: seconds between two signs of life.

    Attributes:
        plan: with the names that the study has; see `crosstune.study.earlier_names`.
        study: the shared one.
        name: of the machine and the process, for the study's trials.

    Raises:
        RequestError: the study was made with another space, or the database cannot be opened.
        Unsupported: the engine schedules trials, which takes one driver.
    """

    def __init__(self, plan: Plan, *, heartbeat: int = HEARTBEAT):
        engine, url, name = plan.engine, str(plan.storage or ""), plan.study_name
        algorithm = engine.adapter.algorithms.get(engine.algorithm)
        if not engine.ours and algorithm is not None and algorithm.scheduler:
            raise Unsupported(
                f"{engine.label} waits for running trials before it continues, so one driver has "
                "to have them all: crosstune run --workers, or --dask"
            )
        self._place = describe(url)
        check_is_shared(url)
        self._turns = WorkerTurns(url, name, self._place, lease=3.0 * heartbeat)
        self._walks = engine.ours or (algorithm is not None and algorithm.exhaustive)
        self.name = f"{platform.node()}:{os.getpid()}"
        self._look_again = min(LOOK_AGAIN, heartbeat / 2)
        self._looked = -math.inf
        self._works = False
        with self._turns.take():
            self._database = open_database(url, heartbeat)  # makes its tables if absent
            self._storage = Steady(self._database, self._place)
            self._heartbeat = Heartbeat(self._database, self._place)
            spec = as_recorded(plan.spec, self._storage, name)
            if spec is not plan.spec:
                plan = settle(replace(plan.request, spec=spec))
            assert plan.function is not None
            self.plan, self._function = plan, plan.function
            self.study = joined(plan, self._storage)
        self._engine = replace(self.plan.engine, seed=self.study.user_attrs[RUNS][0]["seed"])

    def run(self, callbacks: Iterable[Callback] = ()) -> None:
        """Evaluate until the study has its trials, from any worker, and none is under way.

        A worker stays until the last trial of the others has ended, to take it if they die. The
        plan's seconds are those in which this worker begins trials.

        Args:
            callbacks: called with the study and the trial after each trial of this worker.

        Raises:
            RunError: see `crosstune.tune`; or the database was away for too long.
        """
        assert self.plan.budget is not None
        trials, seconds = self.plan.budget.trials, self.plan.budget.seconds
        amend_record(self.study, **{BUDGET: self.plan.budget.plain()})
        with watched() as watch:
            until = None if seconds is None else time.monotonic() + seconds
            while until is None or time.monotonic() < until:
                over, trial = self._turn(trials)
                if trial is not None:
                    told = self._evaluate(trial, watch)
                    for callback in callbacks:
                        if told is not None:
                            callback(self.study, told)
                elif over:
                    return
                else:
                    time.sleep(self._look_again)
                if watch.asked:  # something has swallowed Ctrl-C
                    raise KeyboardInterrupt

    def _turn(self, budget: int | None) -> tuple[bool, Trial | None]:
        """True if the study is over; and the trial that this worker has begun, if any."""
        try:
            with self._turns.take():
                self._fail_stale()
                sweep(self.study)
                self._check_hope()
                over, trial = self._next(budget)
                is_ours = trial is None or self._turns.is_alive()
        except UpdateFinishedTrialError:
            return False, None  # the turn was lost, and another worker has done the same
        if trial is None or is_ours:
            return over, trial
        return False, self._confirmed(trial)

    def _next(self, budget: int | None) -> tuple[bool, Trial | None]:
        """True if the study is over; and the next trial, suggested and begun, if any is left."""
        trials = self.study.get_trials(deepcopy=False)
        open_ones = [t for t in trials if not t.state.is_finished()]
        waiting = any(t.state == TrialState.WAITING for t in open_ones)
        if budget is not None and not waiting and len(counting(trials)) >= budget:
            return not open_ones, None
        limits = self.plan.budget
        if limits is not None and not waiting and self._is_impatient(limits, trials):
            return not open_ones, None
        if self.plan.budget is not None and not waiting:
            waiting = queue_repeat(self.study, self.plan.budget, counting(trials))
        if not waiting and not self._has_point():
            return not open_ones, None
        trial = self.study.ask()
        try:
            self._set_sampler(trial.number)
            self._function.suggest(trial)
            self._heartbeat.beat(trial)
            trial.set_user_attr(BEGAN, self.name)
        except UpdateFinishedTrialError:
            return False, None  # the turn was lost, and another worker has taken the trial back
        except optuna.TrialPruned:  # the space turned out to be exhausted
            self.study.tell(trial, state=TrialState.PRUNED, skip_if_finished=True)
            return not open_ones, None
        except CrosstuneError as error:
            if isinstance(error.__cause__, UpdateFinishedTrialError):
                return False, None  # the same, as it was suggested
            trial.set_user_attr(ERROR, message_of(error))
            self.study.tell(trial, state=TrialState.FAIL, skip_if_finished=True)
            raise
        return False, trial

    def _is_impatient(self, budget: SearchBudget, trials: Sequence[FrozenTrial]) -> bool:
        """True if the study's patience has ended it."""
        return budget.patience is not None and out_of_patience(self.study, budget, counting(trials))

    def _confirmed(self, trial: Trial) -> Trial | None:
        """A trial that was begun as the turn was lost; None if another trial has its point too."""
        with self._turns.take():
            try:
                others = self.study.get_trials(deepcopy=False)
                if not any(
                    t.number != trial.number
                    and t.params == trial.params
                    and t.user_attrs.get(TRIAL_BUDGET) == trial.user_attrs.get(TRIAL_BUDGET)
                    and t.state != TrialState.FAIL
                    for t in others
                ):
                    return trial
                trial.set_user_attr(LOST, True)
                self.study.tell(trial, state=TrialState.FAIL, skip_if_finished=True)
            except UpdateFinishedTrialError:
                pass  # it was taken back by the other
        return None

    def _has_point(self) -> bool:
        """False if there is no trial to begin now; another may come when a trial has ended."""
        if not self._walks and self._engine.scheduler is None:
            return True
        self._set_sampler(0)
        sampler = self.study.sampler
        if not isinstance(sampler, EngineSampler):
            return True
        if sampler.scheduler is not None:
            return sampler.ready(self.study)
        return not sampler.exhausted(self.study)

    def _set_sampler(self, number: int) -> None:
        """A fresh engine for one trial. A walk keeps its order in every worker."""
        seed = self._engine.seed
        if not self._walks:
            seed = derived_seed(seed, number)
        with own_study():
            self.study.sampler = replace(self._engine, seed=seed).sampler(self.plan.spec.space)

    def _evaluate(self, trial: Trial, watch: Watch) -> FrozenTrial | None:
        """The trial as it was told; None if it was given to another worker."""
        try:
            with self._heartbeat.beating(trial):
                try:
                    outcome = outcome_of(self._function, trial)
                except CrosstuneError as error:
                    outcome = TaskOutcome("failed", error=message_of(error), fatal=error)
            if watch.asked and outcome.state == "failed":
                raise KeyboardInterrupt  # which the objective, or a library, has made an error of
            told = self._tell(trial, outcome)
            note_constraints(self.study, self.study.sampler, told)
        except UpdateFinishedTrialError:
            _logger.warning(
                "trial %d was given to another worker: this one was without a heartbeat for too "
                "long",
                trial.number,
            )
            return None
        except KeyboardInterrupt:
            # Without an error, so that the next turn gives it to another worker; see `sweep`.
            with suppress(UpdateFinishedTrialError):
                self.study.tell(trial, state=TrialState.FAIL, skip_if_finished=True)
            raise
        if outcome.fatal is not None:
            raise outcome.fatal
        return told

    def _tell(self, trial: Trial, outcome: TaskOutcome) -> FrozenTrial:
        """The trial as it was told.

        Raises:
            UpdateFinishedTrialError: another worker has ended it.
        """
        if outcome.error is not None:
            trial.set_user_attr(ERROR, outcome.error)
        state = STATES[outcome.state]
        told = self.study.tell(trial, outcome.value, state=state, skip_if_finished=True)
        if told.state is not state:
            raise UpdateFinishedTrialError
        return told

    def _fail_stale(self) -> None:
        """Fail the trials whose workers give no sign of life, if some time has passed."""
        if time.monotonic() - self._looked < self._look_again:
            return
        self._looked = time.monotonic()

        def fail() -> None:
            with _optuna.unwarned(), own_study():
                fail_stale_trials(
                    optuna.load_study(study_name=self.study.study_name, storage=self._database)
                )

        steadily(fail, self._place)

    def _check_hope(self) -> None:
        if self._works:
            return
        self._works = has_worked(self.study)
        failed = [
            t for t in counting(self.study.get_trials(deepcopy=False)) if ERROR in t.user_attrs
        ]
        if failed and not self._works:
            check_hope(len(failed), failed[-1].user_attrs[ERROR])
