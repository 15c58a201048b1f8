"""A run with several trials at a time: the request, and carrying it out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial

from optuna.study import Study

from crosstune import _optuna
from crosstune.engines.budget import SearchBudget
from crosstune.errors import RequestError
from crosstune.objectives import Prepared
from crosstune.parallel.ask import Begun
from crosstune.parallel.channel import check_installed, open_to_workers
from crosstune.parallel.cluster import LOCAL, check_dask, dask_executor, is_loopback
from crosstune.parallel.driver import Callback, Driver
from crosstune.parallel.evaluate import Recipe, begin_run, end_run, evaluate
from crosstune.parallel.one_trial_process import evaluate_alone
from crosstune.parallel.pool import Pool, UserExecutor
from crosstune.parallel.processes import Processes
from crosstune.parallel.replay_in_order import go_through
from crosstune.parallel.task import TaskOutcome, TrialTask
from crosstune.parallel.trial_storage import Gate
from crosstune.resume.replay_storage import ReplayStorage
from crosstune.study.choice import ChosenEngine
from crosstune.system.main_guard import check_guarded


@dataclass(frozen=True)
class Workers:
    """Who evaluates the trials of a run.

    Args:
        count: the number of trials at a time. Alone: that many processes of crosstune.
        executor: an executor of the user's, the address of a Dask scheduler, or "local" for a
            Dask cluster of this machine.
        lag: None to tell outcomes as they arrive; else see `crosstune.parallel.driver`.
        trial_seconds: after which the process of a trial is ended. For crosstune's processes, and
            for Dask, where each trial then has a process of its own.
        host: the address under which workers on other machines reach this one.

    Raises:
        RequestError: the arguments do not go together.
    """

    count: int | None = None
    executor: Executor | str | None = None
    lag: int | None = None
    trial_seconds: float | None = None
    host: str | None = None

    def __post_init__(self) -> None:
        for name, number, least in (("workers", self.count, 1), ("lag", self.lag, 0)):
            whole = isinstance(number, int) and not isinstance(number, bool)
            if number is not None and not (whole and number >= least):
                raise RequestError(f"{name} is a whole number from {least} on, not {number!r}")
        if self.count is None and not isinstance(self.executor, str):
            wanted = "an executor needs" if self.executor is not None else "this needs"
            raise RequestError(
                f"{wanted} the number of trials at a time: workers=4, or --workers 4"
            )
        if self.lag is not None and self.count is not None and self.count > self.lag + 1:
            raise RequestError(
                f"with a lag of {self.lag} there are {self.lag + 1} trials at a time, too few for "
                f"{self.count} workers. Give a lag of {self.count - 1} or more"
            )
        owns_processes = self.executor is None
        if self.trial_seconds is not None:
            if not owns_processes and not isinstance(self.executor, str):
                raise RequestError(
                    "in an executor of yours nothing can end a trial that takes too long. Give a "
                    "number of workers without one, or the address of a Dask scheduler"
                )
            if not 0 < self.trial_seconds < float("inf"):
                raise RequestError(
                    f"the seconds of a trial have to be above 0, not {self.trial_seconds!r}"
                )
        if self.host is not None and (owns_processes or self.executor == LOCAL):
            raise RequestError("a host is for workers on other machines, and these are on this one")
        if isinstance(self.executor, str) and not is_loopback(self.executor) and not self.host:
            raise RequestError(
                f"the workers of {self.executor} report to this process. Give the address of this "
                "machine under which they reach it: host='10.0.0.5', or --host 10.0.0.5. Whoever "
                "can reach that address and listen to its network could read and disturb the run"
            )
        if owns_processes or self.executor == LOCAL:
            check_guarded("a run with several workers")
        if not isinstance(self.executor, ThreadPoolExecutor):
            check_installed("dask" if isinstance(self.executor, str) else "parallel")
        if isinstance(self.executor, str):
            check_dask(self.executor)

    @property
    def sequential(self) -> bool:
        """True if each trial is told before the next is asked for."""
        return self.lag == 0 or (self.lag is None and self.count == 1)

    def noted(self, engine: ChosenEngine) -> ChosenEngine:
        """The engine, with a note for the study on the order of the trials."""
        if self.sequential:
            return engine
        if self.lag is not None:
            note = f"up to {self.lag + 1} trials at a time, in an order that does not depend on "
            note += f"the number of workers (lag {self.lag})"
        else:
            note = "several trials at a time, told as they end, so another run may differ"
        return replace(engine, native=False, notes=(*engine.notes, note))


@dataclass
class Several:
    """The workers, the recipe by which they make the objective, and this process's objective.

    Attributes:
        under_way: of a run in order that is resumed, the trials that are asked for and not told.
    """

    workers: Workers
    recipe: Recipe
    function: Prepared
    under_way: Sequence[Begun] = field(default=(), init=False)

    @property
    def lag(self) -> int | None:
        """The lag of the workers."""
        return self.workers.lag

    def keep_lag(self, lag: int) -> None:
        """Continue with the lag that a run began with.

        Raises:
            RequestError: there are more workers than it can use.
        """
        if self.workers.count is not None and self.workers.count > lag + 1:
            raise RequestError(
                f"the study began with a lag of {lag}, so it has use for {lag + 1} workers at "
                f"most, and {self.workers.count} are asked for"
            )
        self.workers = replace(self.workers, lag=lag)

    def go_through(self, study: Study, history: ReplayStorage, trials: int | None) -> None:
        """Bring a run in order to its state before; see `parallel.replay_in_order`.

        Args:
            study: on `history`.
            history: shows the study as it was.
            trials: the number that the study shall have; None for no limit.
        """
        assert self.lag is not None
        self.under_way = go_through(
            study, history, self.function.suggest, lag=self.lag, trials=trials
        )

    def run(
        self,
        study: Study,
        budget: SearchBudget,
        callbacks: Iterable[Callback],
    ) -> None:
        """Evaluate until the budget is spent.

        Args:
            study: with the sampler and the pruner.
            budget: of the study, and the seconds for which this run may begin trials.
            callbacks: called with the study and the trial after each trial.
        """
        gate = Gate(*_optuna.identity(study))
        begin_run(gate.run, gate, self.function)
        with ExitStack() as stack:
            stack.callback(end_run, gate.run)
            pool = self._pool(gate, stack)
            driver = Driver(
                study,
                self.function,
                gate,
                pool,
                budget=budget,
                lag=self.lag,
                under_way=self.under_way,
                callbacks=callbacks,
            )
            driver.run()
            pool.end(now=False)

    def _pool(self, gate: Gate, stack: ExitStack) -> Pool:
        wanted = self.workers
        executor = wanted.executor
        count = wanted.count
        if isinstance(executor, ThreadPoolExecutor):
            assert count is not None
            return UserExecutor(executor, lambda: count, lambda task: task)
        recipe = self.recipe.packed()
        address = stack.enter_context(open_to_workers(gate, wanted.host))

        def complete(task: TrialTask) -> TrialTask:
            return replace(task, address=address, recipe=recipe)

        if executor is None:
            assert count is not None
            return Processes(
                count, gate=gate, address=address, recipe=recipe, trial_seconds=wanted.trial_seconds
            )
        capacity: Callable[[], int]
        carry_out: Callable[[TrialTask], TaskOutcome] = evaluate
        if wanted.trial_seconds is not None:
            carry_out = partial(evaluate_alone, seconds=wanted.trial_seconds)
        if isinstance(executor, str):
            executor, capacity = stack.enter_context(dask_executor(executor, count))
        else:
            assert count is not None
            capacity = lambda: count  # noqa: E731
        return UserExecutor(executor, capacity, complete, carry_out)
