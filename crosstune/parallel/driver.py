"""The loop that keeps a pool busy: it asks, suggests, submits, and tells.

With `lag=None` an outcome is told as it arrives. With a lag L, the order of asks and tells is
fixed: trials 0 to L are asked for, then 0 is told, L + 1 asked for, 1 told, and so on, however
early an outcome arrives. So a suggestion depends only on which earlier numbers are told. The
pruning of a trial sees the trials that were told before it was begun. Trials that were queued or in
flight before such a run have ended before its own trials begin.
"""

from __future__ import annotations

import logging
import math
import pickle
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from dataclasses import replace

import optuna
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState

from crosstune.checkpoints.record import reached
from crosstune.engines.budget import SearchBudget
from crosstune.engines.record_names import ERROR, RUNS
from crosstune.errors import described, message_of
from crosstune.objectives import Prepared
from crosstune.parallel.ask import Begun, Running, begin, has_point, horizon_of
from crosstune.parallel.pool import Pool, received
from crosstune.parallel.replay_in_order import tell_again
from crosstune.parallel.task import STATES, TaskOutcome, TrialTask
from crosstune.parallel.trial_storage import Gate
from crosstune.recommendation.repeats import queue_repeat
from crosstune.resume import Differs, stopped
from crosstune.samplers.engine import EngineSampler
from crosstune.study.failures import Failures
from crosstune.study.patience import log_end, out_of_patience

_logger = logging.getLogger("crosstune")
Callback = Callable[[Study, FrozenTrial], None]
IDLE = 0.5
"""Seconds between two looks at the capacity of a cluster."""


class Driver:
    """One run with several trials at a time.

    Args:
        study: with the sampler and the pruner.
        function: suggests the parameters; the workers evaluate.
        gate: in front of the study's storage.
        pool: evaluates.
        budget: of the study, and the seconds for which this run may begin trials.
        lag: None, or the number of trials under way when one is asked for.
        under_way: of a run in order that is resumed, the trials that are asked for and not told.
        callbacks: called with the study and the trial after each trial.
    """

    def __init__(
        self,
        study: Study,
        function: Prepared,
        gate: Gate,
        pool: Pool,
        *,
        budget: SearchBudget,
        lag: int | None,
        under_way: Sequence[Begun],
        callbacks: Iterable[Callback],
    ):
        self._study = study
        self._function = function
        self._gate = gate
        self._pool = pool
        self._lag = lag
        self._callbacks = list(callbacks)
        self._under_way = list(under_way)
        self._running: list[Running] = []
        """In the order in which they were asked for."""
        trials, seconds = budget.trials, budget.seconds
        self._until = math.inf if seconds is None else time.monotonic() + seconds
        existing = study.get_trials(deepcopy=False)
        ended = [t for t in existing if t.state.is_finished()]
        self._budget = budget
        self._left = (math.inf if trials is None else trials) - len(ended)
        runs = study.user_attrs.get(RUNS)
        self._first = runs[-1]["first_trial"] if runs else 0
        self._earlier = {t.number for t in existing[: self._first] if t.state == TrialState.WAITING}
        """The numbers of trials that were queued before the run."""
        self._failures = Failures(study)
        self._stopped = False
        self._impatient = False

    def run(self) -> None:
        """Run until the budget is spent, the space exhausted, or the study stopped.

        Raises:
            RunError: see `tuning.tune`.
        """
        try:
            with _stoppable(self._study, self._stop):
                for begun in self._under_way:
                    self._submit(begun)
                while self._fill() or self._running:
                    self._receive()
                self._log_exhaustion()
        except BaseException as error:
            self._abandon(error)
            raise

    def _stop(self) -> None:
        self._stopped = True

    def _log_exhaustion(self) -> None:
        """Log that the study ended because the engine had no more points."""
        sampler = self._study.sampler
        if self._impatient:
            log_end(self._study, self._budget)
        elif isinstance(sampler, EngineSampler) and self._has_room():
            done = sum(t.state.is_finished() for t in self._study.get_trials(deepcopy=False))
            level = logging.WARNING if sampler.scheduler is None else logging.INFO
            text = "%s after %d trials, so the study ends here"
            _logger.log(level, text, sampler.why_it_ends, done)

    def _fill(self) -> bool:
        """Begin trials while there is room; True if any was begun."""
        before = len(self._running)
        while self._has_room() and not self._is_impatient():
            queue_repeat(self._study, self._budget)
            if not has_point(self._study, self._budget.trials):
                break
            self._begin()
        return len(self._running) > before

    def _has_room(self) -> bool:
        if self._stopped or time.monotonic() >= self._until:
            return False
        room: float = self._pool.capacity()
        if self._lag is not None:
            room = self._lag + 1
            if not self._earlier and any(running.number < self._first for running in self._running):
                return False
        return len(self._running) < min(room, self._left)

    def _is_impatient(self) -> bool:
        """True if the study's patience has ended it. Trials that run are evaluated to their end."""
        self._impatient = self._impatient or out_of_patience(self._study, self._budget)
        return self._impatient

    def _begin(self) -> None:
        horizon = horizon_of(self._study) if self._lag is not None else None
        trial = self._study.ask()
        self._earlier.discard(trial.number)
        try:
            self._function.suggest(trial)
        except optuna.TrialPruned:  # the space turned out to be exhausted
            self._stopped = True
            self._end(trial, TaskOutcome("pruned"))
            return
        except BaseException as error:
            if not self._leaves(error):
                self._tell(trial, TaskOutcome("failed", error=described(error)))
            raise
        self._submit(begin(self._study, trial, horizon=horizon))

    def _submit(self, begun: Begun) -> None:
        if begun.is_over:
            self._running.append(Running(begun, None, Future()))
            return
        self._running.append(self._submitted(begun, begun.task(self._gate)))

    def _submitted(self, begun: Begun, task: TrialTask) -> Running:
        step = reached(begun.trial if begun.recorded is None else begun.recorded)
        try:
            return Running(begun, task, self._pool.submit(task), step)
        except BaseException as error:
            self._tell(begun.trial, TaskOutcome("failed", error=described(error)))
            raise

    def _receive(self) -> None:
        if self._lag is not None:
            ended = self._running[:1]
            if ended[0].begun.is_over:
                self._running.pop(0)
                self._repeat(ended[0].begun)
                return
            wait([ended[0].future])
        else:
            by_future = {running.future: running for running in self._running}
            done, _ = wait(by_future, timeout=IDLE, return_when=FIRST_COMPLETED)
            ended = [running for running in self._running if running.future in done]
        for running in ended:
            outcome = received(running.future)
            if outcome.lost and self._continues(running):
                continue
            self._running.remove(running)
            self._dismiss(running)
            self._end(running.begun.trial, outcome)

    def _continues(self, lost: Running) -> bool:
        """Submit a trial again whose process was lost, if its checkpoint has advanced."""
        assert lost.task is not None
        step = self._gate.checkpoint(lost.task.ticket)
        if step <= lost.checkpoint:
            return False
        future = self._pool.submit(lost.task)
        self._running[self._running.index(lost)] = replace(lost, future=future, checkpoint=step)
        return True

    def _dismiss(self, ended: Running) -> None:
        if ended.task is not None:
            self._gate.dismiss(ended.task.ticket)

    def _repeat(self, begun: Begun) -> None:
        """Tell an outcome that was told before the run was resumed."""
        tell_again(self._study, self._gate, begun)
        self._left -= 1
        assert begun.recorded is not None
        if begun.recorded.state != TrialState.FAIL:
            self._failures.note_success()

    def _end(self, trial: Trial, outcome: TaskOutcome) -> None:
        """Tell how a trial ended, update the pruner and call the callbacks."""
        told = self._tell(trial, outcome)
        self._left -= 1
        if outcome.pruner is not None:
            self._study.pruner = pickle.loads(outcome.pruner)
        if outcome.fatal is not None:
            raise outcome.fatal
        if told.state == TrialState.FAIL:
            self._failures.note_failure(told)
        else:
            self._failures.note_success()
        for callback in self._callbacks:
            callback(self._study, told)

    def _tell(self, trial: Trial, outcome: TaskOutcome) -> FrozenTrial:
        if outcome.error is not None:
            trial.set_user_attr(ERROR, outcome.error)
        return self._study.tell(trial, outcome.value, state=STATES[outcome.state])

    def _leaves(self, error: BaseException) -> bool:
        """True if an error leaves the running trials to be run again on resuming.

        It does if a run in order is interrupted, or a trial in flight differs from the recorded.
        """
        interrupted = isinstance(error, KeyboardInterrupt) and self._lag is not None
        return interrupted or isinstance(error, Differs)

    def _abandon(self, error: BaseException) -> None:
        """End the trials that run, and tell those that have ended."""
        unfinished = [running for running in self._running if not running.begun.is_over]
        ended = {running.number: running.outcome() for running in unfinished}
        self._pool.end(now=True)
        interrupted = isinstance(error, KeyboardInterrupt)
        why = "interrupted" if interrupted else f"the run ended before it: {message_of(error)}"
        outcome = None if self._leaves(error) else TaskOutcome("failed", error=why)
        for running in unfinished:
            self._dismiss(running)
            told = ended[running.number] or outcome
            if told is not None:
                self._tell(running.begun.trial, told)
        self._running.clear()
        if self._leaves(error):
            stopped(self._study)


@contextmanager
def _stoppable(study: Study, stop: Callable[[], None]) -> Iterator[None]:
    """Let callbacks and samplers call `study.stop()`, as in `study.optimize`."""
    study.stop = stop  # type: ignore[method-assign]
    try:
        yield
    finally:
        del study.stop
