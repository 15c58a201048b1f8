"""A run with several trials at a time: what is asked for, and carrying it out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial

from optuna.study import Study

from crosstune import _optuna
from crosstune.errors import RequestError
from crosstune.objectives import Prepared
from crosstune.parallel.ask import Begun
from crosstune.parallel.channel import check_installed, open_to_workers
from crosstune.parallel.cluster import LOCAL, dask_executor, is_loopback
from crosstune.parallel.driver import Callback, Driver
from crosstune.parallel.evaluate import Recipe, begin_run, end_run, evaluate
from crosstune.parallel.one_trial_process import evaluate_alone
from crosstune.parallel.pool import GivenExecutor, Pool
from crosstune.parallel.processes import Processes
from crosstune.parallel.replay_in_order import go_through
from crosstune.parallel.task import Outcome, Task
from crosstune.parallel.trial_storage import Gate
from crosstune.resume.replay_storage import ReplayStorage
from crosstune.study.choice import Engine
from crosstune.system.main_guard import check_guarded


@dataclass(frozen=True)
class Workers:
    """Who evaluates the trials of a run.

    Args:
        count: how many trials at a time. Alone: processes of our own, that many.
        executor: an executor of the user's, the address of a Dask scheduler, or "local" for a
            Dask cluster of this machine.
        lag: None to tell outcomes as they arrive; else see `crosstune.parallel.driver`.
        trial_seconds: when the process of a trial that takes longer is ended; of our own processes
            and on Dask, where each trial then has a process to itself.
        host: the address under which workers on other machines reach this one.

    Raises:
        RequestError: they do not go together.
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
        own = self.executor is None
        if self.trial_seconds is not None:
            if not own and not isinstance(self.executor, str):
                raise RequestError(
                    "in an executor of yours nothing can end a trial that takes too long. Give a "
                    "number of workers without one, or the address of a Dask scheduler"
                )
            if not 0 < self.trial_seconds < float("inf"):
                raise RequestError(
                    f"the seconds of a trial have to be above 0, not {self.trial_seconds!r}"
                )
        if self.host is not None and (own or self.executor == LOCAL):
            raise RequestError("a host is for workers on other machines, and these are on this one")
        if isinstance(self.executor, str) and not is_loopback(self.executor) and not self.host:
            raise RequestError(
                f"the workers of {self.executor} report to this process. Give the address of this "
                "machine under which they reach it: host='10.0.0.5', or --host 10.0.0.5. Whoever "
                "can reach that address and listen to its network could read and disturb the run"
            )
        if own or self.executor == LOCAL:
            check_guarded("a run with several workers")
        if not isinstance(self.executor, ThreadPoolExecutor):
            check_installed("dask" if isinstance(self.executor, str) else "parallel")

    @property
    def sequential(self) -> bool:
        """Whether each trial is told before the next is asked for."""
        return self.lag == 0 or (self.lag is None and self.count == 1)

    def noted(self, engine: Engine) -> Engine:
        """The engine, with what the study should say of a run like this."""
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
    """Who evaluates, how they make the objective, and the objective as this process has it.

    Attributes:
        under_way: of a run in order that is resumed, what was asked for and is not told.
    """

    workers: Workers
    recipe: Recipe
    function: Prepared
    under_way: Sequence[Begun] = field(default=(), init=False)

    @property
    def lag(self) -> int | None:
        """As it is asked for."""
        return self.workers.lag

    def keep_lag(self, lag: int) -> None:
        """Go on with the lag that a run began with.

        Raises:
            RequestError: there are more workers than it has use for.
        """
        if self.workers.count is not None and self.workers.count > lag + 1:
            raise RequestError(
                f"the study began with a lag of {lag}, so it has use for {lag + 1} workers at "
                f"most, and {self.workers.count} are asked for"
            )
        self.workers = replace(self.workers, lag=lag)

    def go_through(self, study: Study, history: ReplayStorage, trials: int | None) -> None:
        """Bring a run in order to where it stood; see `parallel.again`."""
        assert self.lag is not None
        self.under_way = go_through(
            study, history, self.function.suggest, lag=self.lag, trials=trials
        )

    def run(
        self,
        study: Study,
        *,
        trials: int | None,
        seconds: float | None,
        callbacks: Iterable[Callback],
    ) -> None:
        """Evaluate until the budget is spent; see `tuning.run`."""
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
                trials=trials,
                seconds=seconds,
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
            return GivenExecutor(executor, lambda: count, lambda task: task)
        recipe = self.recipe.packed()
        address = stack.enter_context(open_to_workers(gate, wanted.host))

        def complete(task: Task) -> Task:
            return replace(task, address=address, recipe=recipe)

        if executor is None:
            assert count is not None
            return Processes(
                count,
                gate=gate,
                address=address,
                recipe=recipe,
                trial_seconds=wanted.trial_seconds,
            )
        capacity: Callable[[], int]
        carry_out: Callable[[Task], Outcome] = evaluate
        if wanted.trial_seconds is not None:
            carry_out = partial(evaluate_alone, seconds=wanted.trial_seconds)
        if isinstance(executor, str):
            executor, capacity = stack.enter_context(dask_executor(executor, count))
        else:
            assert count is not None
            capacity = lambda: count  # noqa: E731
        return GivenExecutor(executor, capacity, complete, carry_out)
