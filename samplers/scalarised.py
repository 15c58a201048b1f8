"""An engine with one objective that searches for several, or under constraints.

Before each proposal the engine is made again, from all finished trials with the values that a
`Scalarisation` gives them now. So it never compares values under different weights, and its
proposal is a function of the finished and running trials and the seed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

from crosstune.engines.base import Engine, Outcome
from crosstune.engines.seeds import derived_seed
from crosstune.samplers.rebuilt import rebuilt
from crosstune.samplers.scalarisation import Scalarisation
from crosstune.space.space import Params, Space

TRIES = 50
"""How often an engine that repeats no point is asked for one that was not evaluated."""


class ScalarisedEngine(Engine):
    """An engine that is made again before each proposal.

    Args:
        space: to search.
        make: returns a fresh engine with one objective for a seed. It minimizes, or has the
            direction of the study if that has one objective.
        maximize: of each objective of the study, whether more is better.
        rule: how the objectives become one.
        seed: any integer; None for a random one.
    """

    made: ClassVar[Sequence[str]] = ("space", "native", "distinct", "_make", "_probe", "_rule")

    def __init__(
        self,
        space: Space,
        make: Callable[[int | None], Engine],
        maximize: Sequence[bool],
        rule: Scalarisation,
        seed: int | None,
    ):
        self.space = space
        self.native = None
        self._make = make
        self._maximize = tuple(maximize)
        self._rule = rule
        self._seed = seed
        self._probe = make(seed)
        self.distinct = self._probe.distinct
        self._history: list[tuple[Params, Outcome]] = []
        self._open: dict[int, Params] = {}
        self._asides: dict[int, Mapping[str, Any]] = {}
        self._elsewhere: list[Params] = []
        self._inserted = 0

    @property
    def lasts(self) -> float:  # type: ignore[override]
        """How many calls of `ask` are guaranteed to return a point."""
        self._probe.part = self.part
        return self._probe.lasts - self._inserted

    def ask(self, trial: int) -> Params:
        """The point that a fresh engine proposes under the weights of this proposal."""
        weights = self._rule.drawn(len(self._maximize), self._seed, trial)
        outcomes = [outcome for _, outcome in self._history]
        scalars = self._rule.scalars(outcomes, self._maximize, weights)
        points = [params for params, _ in self._history]
        seed = None if self._seed is None else derived_seed(self._seed, trial)
        pending = [*self._open.values(), *self._elsewhere]
        engine = rebuilt(partial(self._make, seed), zip(points, scalars, strict=True))
        engine.part = self.part
        if type(engine).running is not Engine.running:
            engine.running(pending)
        else:  # as a library that learns from failures sees its running trials
            for params in pending:
                engine.insert(params, Outcome("failed"))
        key, params = self._new(engine, [*points, *pending])
        self.native = engine.native
        self._open[trial] = params
        self._asides[trial] = dict(engine.aside(key))
        return params

    def _new(self, engine: Engine, seen: Sequence[Params]) -> tuple[int, Params]:
        """The number of an ask and its point, not one of `seen` if the engine repeats none."""
        for key in range(TRIES):
            params = engine.ask(key)
            if not engine.distinct or self.part or params not in seen:
                break
        return key, params

    def aside(self, trial: int) -> Mapping[str, Any]:
        """The numbers that the engine drew for a proposal; see `Engine.aside`."""
        return self._asides.get(trial, {})

    def running(self, points: Sequence[Params]) -> None:
        """Receive the points of other processes."""
        self._elsewhere = list(points)

    def tell(self, trial: int, outcome: Outcome) -> None:
        """Note the outcome of a proposal."""
        self.replace(trial, self._open[trial], outcome)

    def replace(self, trial: int, params: Params, outcome: Outcome) -> None:
        """Note the outcome of another point that was evaluated instead of a proposal.

        Args:
            trial: of the proposal.
            params: the evaluated point.
            outcome: of the trial.
        """
        del self._open[trial]
        self._asides.pop(trial, None)
        self._history.append((params, outcome))

    def insert(self, params: Params, outcome: Outcome) -> None:
        """Note a finished trial of another origin."""
        self._history.append((params, outcome))
        self._inserted += 1
