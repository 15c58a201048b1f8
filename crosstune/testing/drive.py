"""How the contract runs a backend."""

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
    """A fresh engine by role."""
    return adapter.engine(adapter.algorithm(role), space, seed=seed, maximize=maximize, options={})


def draw(adapter: Adapter, space: Space, n: int, seed: int = 0) -> list[Params]:
    """`n` points of the backend's random search."""
    random = engine(adapter, "random", space, seed)
    points = []
    for i in range(n):
        points.append(random.ask(i))
        random.tell(i, Outcome("complete", 0.0))
    return points


def driven(adapter: Adapter, role: str, space: Space, seed: int | None = 0) -> EngineSampler:
    """The backend behind an `EngineSampler`."""
    return EngineSampler(adapter, adapter.algorithm(role), space=space, seed=seed)


def sampler(adapter: Adapter, role: str, space: Space, seed: int | None = 0) -> BaseSampler:
    """The sampler that a study would get: the backend's own, or an engine's."""
    own = adapter.sampler(adapter.algorithm(role), space, seed=seed, options={})
    return own or driven(adapter, role, space, seed)


def study(sampler: BaseSampler, *, maximize: bool = False) -> Study:
    """An in-memory study."""
    direction = optuna.study.StudyDirection.MAXIMIZE if maximize else None
    return optuna.create_study(sampler=sampler, direction=direction, study_name="contract")


def objective(space: Space, loss: Loss) -> Callable[[optuna.Trial], float]:
    """Suggest every active parameter, then measure."""
    return lambda trial: loss(suggest(space, trial))


def points(space: Space, trials: list[FrozenTrial]) -> list[Params]:
    """The points behind trials."""
    return [ledger.read_point(space, trial.params) for trial in trials]


class Witness(Engine):
    """An engine that keeps what it was told."""

    def __init__(self, inner: Engine):
        self.inner = inner
        self.native = inner.native
        self.exhaustive = inner.exhaustive
        self.lasts = inner.lasts
        self.asked: dict[int, Params] = {}
        self.learnt: list[tuple[Params, Outcome]] = []

    def ask(self, trial: int) -> Params:
        """Ask and note."""
        self.asked[trial] = self.inner.ask(trial)
        return self.asked[trial]

    def tell(self, trial: int, outcome: Outcome) -> None:
        """Tell and note."""
        self.learnt.append((self.asked[trial], outcome))
        self.inner.tell(trial, outcome)

    def replace(self, trial: int, params: Params, outcome: Outcome) -> None:
        """Replace and note."""
        self.learnt.append((params, outcome))
        self.inner.replace(trial, params, outcome)

    def insert(self, params: Params, outcome: Outcome) -> None:
        """Insert and note."""
        self.learnt.append((params, outcome))
        self.inner.insert(params, outcome)


@contextmanager
def witnessed(adapter: Adapter) -> Iterator[list[Witness]]:
    """Every engine that the adapter makes inside, as witnesses."""
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
    """Without the warnings that failing trials bring."""
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        optuna.logging.set_verbosity(verbosity)
