"""The loop that keeps a pool busy: it asks, suggests, hands out, and tells.

With `lag=None` an outcome is told as it arrives. With a lag L, the order of asks and tells is
fixed: trials 0 to L are asked for, then 0 is told, L + 1 asked for, 1 told, and so on, however
early an outcome arrives. So a suggestion depends on which earlier numbers are told and on nothing
else. And a trial, as it prunes, sees the trials that were told before it was begun. What was queued
or in flight before such a run began has ended before its own trials begin.
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
from crosstune.engines.record_names import ERROR, RUNS
from crosstune.errors import described, message_of
from crosstune.objectives import Prepared
from crosstune.parallel.ask import Begun, begin, has_point, horizon_of
from crosstune.parallel.pool import Pool, received
from crosstune.parallel.replay_in_order import tell_again
from crosstune.parallel.task import Outcome, Task
from crosstune.parallel.trial_storage import Gate
from crosstune.parallel.under_way import Running
from crosstune.resume import Differs, stopped
from crosstune.samplers.engine import EngineSampler
from crosstune.study.failures import Failures

_logger = logging.getLogger("crosstune")
Callback = Callable[[Study, FrozenTrial], None]
IDLE = 0.5
"""How often, in seconds, a cluster is asked whether it has grown."""


class Driver:
    """One run with several trials at a time.

    Args:
        study: with the sampler and the pruner.
        function: suggests; what it evaluates is the workers' business.
        gate: in front of the study's storage.
        pool: what evaluates.
        trials: how many finished trials the study shall have; None for no limit.
        seconds: how long trials may begin.
        lag: None, or how many trials are under way when one is asked for.
        under_way: of a run in order that is resumed, what it has asked for and not told.
        callbacks: called with the study and the trial after each.
    """

    def __init__(
        self,
        study: Study,
        function: Prepared,
        gate: Gate,
        pool: Pool,
        *,
        trials: int | None,
        seconds: float | None,
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
        self._until = math.inf if seconds is None else time.monotonic() + seconds
        known = study.get_trials(deepcopy=False)
        ended = [t for t in known if t.state.is_finished()]
        self._budget = trials
        self._left = (math.inf if trials is None else trials) - len(ended)
        runs = study.user_attrs.get(RUNS)
        self._first = runs[-1]["first_trial"] if runs else 0
        self._earlier = {t.number for t in known[: self._first] if t.state == TrialState.WAITING}
        """What is queued and no trial of the run itself."""
        self._failures = Failures(study)
        self._stopped = False

    def run(self) -> None:
        """Go on until the budget is spent, the space exhausted, or the study stopped.

        Raises:
            RunError: see `tuning.tune`.
        """
        try:
            with _stoppable(self._study, self._stop):
                for begun in self._under_way:
                    self._submit(begun)
                while self._fill() or self._running:
                    self._receive()
                self._say_why()
        except BaseException as error:
            self._abandon(error)
            raise

    def _stop(self) -> None:
        self._stopped = True

    def _say_why(self) -> None:
        """Say so where it ended as the engine had no more points."""
        sampler = self._study.sampler
        if isinstance(sampler, EngineSampler) and self._has_room():
            done = sum(t.state.is_finished() for t in self._study.get_trials(deepcopy=False))
            _logger.warning("%s after %d trials, so the study ends here", sampler.why_it_ends, done)

    def _fill(self) -> bool:
        """Hand out what there is room for; whether anything was."""
        before = len(self._running)
        while self._has_room() and self._has_point():
            self._begin()
        return len(self._running) > before

    def _has_room(self) -> bool:
        if self._stopped or time.monotonic() >= self._until:
            return False
        room: float = self._pool.capacity()
        if self._lag is not None:
            room = self._lag + 1
            if not self._earlier and any(each.number < self._first for each in self._running):
                return False
        return len(self._running) < min(room, self._left)

    def _has_point(self) -> bool:
        return has_point(self._study, self._budget)

    def _begin(self) -> None:
        horizon = horizon_of(self._study) if self._lag is not None else None
        trial = self._study.ask()
        self._earlier.discard(trial.number)
        try:
            self._function.suggest(trial)
        except optuna.TrialPruned:  # the space turned out to be exhausted
            self._stopped = True
            self._end(trial, Outcome("pruned"))
            return
        except BaseException as error:
            if not self._leaves(error):
                self._tell(trial, Outcome("failed", error=described(error)))
            raise
        self._submit(begin(self._study, trial, horizon=horizon))

    def _submit(self, begun: Begun) -> None:
        if begun.is_over:
            self._running.append(Running(begun, None, Future()))
            return
        self._running.append(self._handed_out(begun, begun.task(self._gate)))

    def _handed_out(self, begun: Begun, task: Task) -> Running:
        step = reached(begun.trial if begun.kept is None else begun.kept)
        try:
            return Running(begun, task, self._pool.submit(task), step)
        except BaseException as error:
            self._tell(begun.trial, Outcome("failed", error=described(error)))
            raise

    def _receive(self) -> None:
        """Wait for an outcome, and tell what is to be told."""
        if self._lag is not None:
            ended = self._running[:1]
            if ended[0].begun.is_over:
                self._running.pop(0)
                self._repeat(ended[0].begun)
                return
            wait([ended[0].future])
        else:
            by_future = {each.future: each for each in self._running}
            done, _ = wait(by_future, timeout=IDLE, return_when=FIRST_COMPLETED)
            ended = [each for each in self._running if each.future in done]
        for each in ended:
            outcome = received(each.future)
            if outcome.lost and self._went_on(each):
                continue
            self._running.remove(each)
            self._dismiss(each)
            self._end(each.begun.trial, outcome)

    def _went_on(self, lost: Running) -> bool:
        """Hand a trial out again whose process was lost, if its checkpoint has advanced."""
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
        """Tell what was told before the run was resumed."""
        tell_again(self._study, self._gate, begun)
        self._left -= 1
        assert begun.kept is not None
        if begun.kept.state != TrialState.FAIL:
            self._failures.note_success()

    def _end(self, trial: Trial, outcome: Outcome) -> None:
        """Tell how a trial ended, and do what follows from it."""
        told = self._tell(trial, outcome)
        self._left -= 1
        if outcome.pruner is not None:
            self._study.pruner = pickle.loads(outcome.pruner)
        if outcome.fatal is not None:
            raise outcome.fatal
        self._note_end(told)
        for callback in self._callbacks:
            callback(self._study, told)

    def _tell(self, trial: Trial, outcome: Outcome) -> FrozenTrial:
        if outcome.error is not None:
            trial.set_user_attr(ERROR, outcome.error)
        match outcome.state:
            case "complete":
                return self._study.tell(trial, outcome.value)
            case "pruned":
                return self._study.tell(trial, state=TrialState.PRUNED)
            case _:
                return self._study.tell(trial, state=TrialState.FAIL)

    def _note_end(self, told: FrozenTrial) -> None:
        if told.state == TrialState.FAIL:
            self._failures.note_failure(told)
        else:
            self._failures.note_success()

    def _leaves(self, error: BaseException) -> bool:
        """Whether what runs is to be run again: of a run in order that is interrupted, and where a
        trial in flight is not the one that it was."""
        interrupted = isinstance(error, KeyboardInterrupt) and self._lag is not None
        return interrupted or isinstance(error, Differs)

    def _abandon(self, error: BaseException) -> None:
        """Leave no trial running that nobody waits for, and lose none that has ended."""
        running = [each for each in self._running if not each.begun.is_over]
        ended = {each.number: each.outcome() for each in running}
        self._pool.end(now=True)
        interrupted = isinstance(error, KeyboardInterrupt)
        why = "interrupted" if interrupted else f"the run ended before it: {message_of(error)}"
        outcome = None if self._leaves(error) else Outcome("failed", error=why)
        for each in running:
            self._dismiss(each)
            told = ended[each.number] or outcome
            if told is not None:
                self._tell(each.begun.trial, told)
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
