"""Helpers of the contract that run a backend."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import optuna
from optuna.samplers import BaseSampler
from optuna.study import Study
from optuna.trial import FrozenTrial

from crosstune.engines import study_values as ledger
from crosstune.engines.base import Adapter, Engine, Outcome
from crosstune.objectives import suggest
from crosstune.samplers.engine import EngineSampler
from crosstune.space.space import Params, Space

Loss = Callable[[Params], float]


def engine(
    adapter: Adapter, role: str, space: Space, seed: int | None = 0, *, maximize: bool = False
) -> Engine:
    """A new engine of an adapter.

    Args:
        adapter: of the backend.
        role: "random" or "bayesian", or the name of an algorithm.
        space: to search.
        seed: any integer; None for a random one.
        maximize: whether larger values are better.
    """
    return adapter.engine(adapter.algorithm(role), space, seed=seed, maximize=maximize, options={})


def draw(adapter: Adapter, space: Space, n: int, seed: int = 0) -> list[Params]:
    """`n` points of the backend's random search.

    Args:
        adapter, space, seed: as in `engine`.
        n: number of points.
    """
    random = engine(adapter, "random", space, seed)
    points = []
    for i in range(n):
        points.append(random.ask(i))
        random.tell(i, Outcome("complete", 0.0))
    return points


def driven(adapter: Adapter, role: str, space: Space, seed: int | None = 0) -> EngineSampler:
    """The backend in an `EngineSampler`.

    Args:
        adapter, role, space, seed: as in `engine`.
    """
    return EngineSampler(adapter, adapter.algorithm(role), space=space, seed=seed)


def sampler(adapter: Adapter, role: str, space: Space, seed: int | None = 0) -> BaseSampler:
    """The sampler that a study would get: the backend's native one, or an engine's.

    Args:
        adapter, role, space, seed: as in `engine`.
    """
    native = adapter.sampler(adapter.algorithm(role), space, seed=seed, options={})
    return native or driven(adapter, role, space, seed)


def study(sampler: BaseSampler, *, maximize: bool = False) -> Study:
    """An in-memory study."""
    direction = optuna.study.StudyDirection.MAXIMIZE if maximize else None
    return optuna.create_study(sampler=sampler, direction=direction, study_name="contract")


def objective(space: Space, loss: Loss) -> Callable[[optuna.Trial], float]:
    """Suggest every active parameter, then measure."""
    return lambda trial: loss(suggest(space, trial))


def points(space: Space, trials: list[FrozenTrial]) -> list[Params]:
    """The points of trials."""
    return [ledger.read_point(space, trial.params) for trial in trials]


class Witness(Engine):
    """An engine that records its calls, and passes them to another engine."""

    def __init__(self, inner: Engine):
        self.inner = inner
        self.native = inner.native
        self.exhaustive = inner.exhaustive
        self.lasts = inner.lasts
        self.asked: dict[int, Params] = {}
        self.learnt: list[tuple[Params, Outcome]] = []

    def ask(self, trial: int) -> Params:
        """Record and pass on the answer."""
        self.asked[trial] = self.inner.ask(trial)
        return self.asked[trial]

    def tell(self, trial: int, outcome: Outcome) -> None:
        """Record and pass on the outcome."""
        self.learnt.append((self.asked[trial], outcome))
        self.inner.tell(trial, outcome)

    def replace(self, trial: int, params: Params, outcome: Outcome) -> None:
        """Record and pass on the point that was evaluated instead.

        Args:
            trial: its number.
            params: the point.
            outcome: of the trial.
        """
        self.learnt.append((params, outcome))
        self.inner.replace(trial, params, outcome)

    def insert(self, params: Params, outcome: Outcome) -> None:
        """Record and pass on a point of another origin."""
        self.learnt.append((params, outcome))
        self.inner.insert(params, outcome)


@contextmanager
def witnessed(adapter: Adapter) -> Iterator[list[Witness]]:
    """Wrap every engine that the adapter makes in the block in a `Witness`."""
    made: list[Witness] = []
    make = adapter.engine

    def engine(*args: Any, **kwargs: Any) -> Witness:
        made.append(Witness(make(*args, **kwargs)))
        return made[-1]

    adapter.engine = engine  # type: ignore[method-assign]
    try:
        yield made
    finally:
        del adapter.engine


@contextmanager
def quietly() -> Iterator[None]:
    """Silence the warnings of failing trials in the block."""
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        optuna.logging.set_verbosity(verbosity)
