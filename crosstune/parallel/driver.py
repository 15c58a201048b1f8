"""The loop that keeps a pool busy: it asks, suggests, hands out, and tells.

With `lag=None` an outcome is told as it arrives. With a lag L, the order of asks and tells is
fixed: trials 0 to L are asked for, then 0 is told, L + 1 asked for, 1 told, and so on, however
early an outcome arrives. So a suggestion depends on which earlier numbers are told and on nothing
else. And a trial, as it prunes, sees the trials that were told before it was begun.
"""

from __future__ import annotations

import logging
import math
import pickle
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass

import optuna
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState

from crosstune import _optuna
from crosstune.dialects import ERROR, Prepared
from crosstune.errors import RunError
from crosstune.parallel.gate import Gate
from crosstune.parallel.pool import Pool, received
from crosstune.parallel.task import Horizon, Outcome, Task
from crosstune.samplers.engine import EngineSampler

_logger = logging.getLogger("crosstune")
Callback = Callable[[Study, FrozenTrial], None]
IDLE = 0.5
"""How often, in seconds, a cluster is asked whether it has grown."""


@dataclass(frozen=True)
class _Running:
    trial: Trial
    ticket: int
    future: Future[Outcome]


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
        callbacks: called with the study and the trial after each.
        hopeless: how many trials may fail before any has worked.
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
        callbacks: Iterable[Callback],
        hopeless: int,
    ):
        self._study = study
        self._function = function
        self._gate = gate
        self._pool = pool
        self._lag = lag
        self._callbacks = list(callbacks)
        self._running: list[_Running] = []
        """In the order in which they were asked for."""
        self._until = math.inf if seconds is None else time.monotonic() + seconds
        ended = [t for t in study.get_trials(deepcopy=False) if t.state.is_finished()]
        self._budget = math.inf if trials is None else trials
        self._left = self._budget - len(ended)
        self._works = any(t.state != TrialState.FAIL for t in ended)
        self._failed = 0
        self._hopeless = hopeless
        self._stopped = False

    def run(self) -> None:
        """Go on until the budget is spent, the space exhausted, or the study stopped.

        Raises:
            RunError: see `tuning.tune`.
        """
        try:
            with _stoppable(self._study, self._stop):
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
        under_way = len(self._running)
        room = self._pool.capacity() if self._lag is None else self._lag + 1
        late = time.monotonic() >= self._until
        return under_way < min(room, self._left) and not self._stopped and not late

    def _has_point(self) -> bool:
        """Whether the engine has a point now; it may have one when a trial has ended."""
        sampler = self._study.sampler
        if not isinstance(sampler, EngineSampler):
            return True
        if self._budget <= sampler.lasts(self._study):
            return True
        return sampler.ready(self._study)

    def _begin(self) -> None:
        horizon = self._horizon() if self._lag is not None else None
        trial = self._study.ask()
        try:
            self._function.suggest(trial)
        except optuna.TrialPruned:  # the space turned out to be exhausted
            self._stopped = True
            self._end(trial, Outcome("pruned"))
            return
        except BaseException as error:
            self._tell(trial, Outcome("failed", error=f"{type(error).__name__}: {error}"))
            raise
        ticket = self._gate.admit(_optuna.trial_id(trial))
        task = Task(
            run=self._gate.run,
            ticket=ticket,
            number=trial.number,
            study_name=self._study.study_name,
            pruner=pickle.dumps(self._study.pruner),
            horizon=horizon,
        )
        try:
            future = self._pool.submit(task)
        except BaseException as error:
            self._tell(trial, Outcome("failed", error=f"{type(error).__name__}: {error}"))
            raise
        self._running.append(_Running(trial, ticket, future))

    def _horizon(self) -> Horizon:
        trials = self._study.get_trials(deepcopy=False)
        unfinished = frozenset(t.number for t in trials if not t.state.is_finished())
        return Horizon(len(trials), unfinished)

    def _receive(self) -> None:
        """Wait for an outcome, and tell what is to be told."""
        if self._lag is not None:
            ended = self._running[:1]
            wait([ended[0].future])
        else:
            by_future = {each.future: each for each in self._running}
            done, _ = wait(by_future, timeout=IDLE, return_when=FIRST_COMPLETED)
            ended = [each for each in self._running if each.future in done]
        for each in ended:
            outcome = received(each.future)
            self._running.remove(each)
            self._gate.dismiss(each.ticket)
            self._end(each.trial, outcome)

    def _end(self, trial: Trial, outcome: Outcome) -> None:
        """Tell how a trial ended, and do what follows from it."""
        told = self._tell(trial, outcome)
        self._left -= 1
        if outcome.pruner is not None:
            self._study.pruner = pickle.loads(outcome.pruner)
        if outcome.fatal is not None:
            raise outcome.fatal
        self._check_hope(told)
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

    def _check_hope(self, told: FrozenTrial) -> None:
        if told.state != TrialState.FAIL:
            self._works = True
            return
        self._failed += 1
        if not self._works and self._failed >= self._hopeless:
            raise RunError(
                f"the first {self._failed} trials all failed, the last with "
                f"{told.user_attrs.get(ERROR, 'no message')}"
            )

    def _abandon(self, error: BaseException) -> None:
        """Leave no trial running that nobody waits for, and lose none that has ended."""
        ended = {each.ticket: _outcome_if_done(each.future) for each in self._running}
        self._pool.end(now=True)
        interrupted = isinstance(error, KeyboardInterrupt)
        why = "interrupted" if interrupted else f"the run ended before it: {error}"
        while self._running:
            each = self._running.pop(0)
            self._gate.dismiss(each.ticket)
            self._tell(each.trial, ended[each.ticket] or Outcome("failed", error=why))


def _outcome_if_done(future: Future[Outcome]) -> Outcome | None:
    if not future.done() or future.cancelled() or future.exception() is not None:
        return None
    return future.result()


@contextmanager
def _stoppable(study: Study, stop: Callable[[], None]) -> Iterator[None]:
    """Let callbacks and samplers call `study.stop()`, as in `study.optimize`."""
    study.stop = stop  # type: ignore[method-assign]
    try:
        yield
    finally:
        del study.stop
