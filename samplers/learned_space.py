"""A space that nobody declared: Optuna distributions, seen in trials, as a space of ours."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import numpy as np
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.search_space import IntersectionSearchSpace
from optuna.study import Study

from crosstune.errors import SpecError
from crosstune.samplers.reconcile import Follower
from crosstune.space.parameters import Choice, Float, Int, Parameter
from crosstune.space.space import Params, Space

DRAWS = 20
"""How often a value is drawn again that a running trial has."""


class LearntSpace:
    """The space behind some distributions, and how its points stand in the ledger.

    A categorical is searched by position, since Optuna takes any object as a choice.
    """

    def __init__(self, known: Mapping[str, BaseDistribution]):
        self._known = dict(known)
        self.space = Space({name: _parameter(held) for name, held in known.items()})

    @staticmethod
    def knows(held: BaseDistribution) -> bool:
        """Whether there is a parameter for the distribution (not for a range of 10**9 steps)."""
        try:
            _parameter(held)
        except SpecError:
            return False
        return True

    def read(self, params: Mapping[str, Any]) -> Params:
        """The point behind a trial's params.

        Raises:
            SpecError: a parameter is missing or out of range.
        """
        point: Params = {}
        for name, item in self.space.items():
            if name not in params:
                raise SpecError(f"{name!r} is missing")
            value = params[name]
            held = self._known[name]
            if isinstance(held, CategoricalDistribution):
                try:
                    value = int(held.to_internal_repr(value))
                except ValueError as error:
                    raise SpecError(str(error)) from error
            coordinate = item.encode(value)
            exact = isinstance(item, Float) and item.grid is None
            point[name] = float(value) if exact else item.decode(coordinate)
        return point

    def write(self, point: Params) -> dict[str, Any]:
        """A point as the ledger holds it."""
        return {name: self._held(name, value) for name, value in point.items()}

    def apart(
        self,
        drawn: dict[str, Any],
        given: Mapping[str, Any],
        running: Sequence[Mapping[str, Any]],
        rng: np.random.Generator,
    ) -> dict[str, Any]:
        """Values, as the ledger holds them, that no running trial has with those given before.

        Before the first trial has ended each parameter is proposed alone, and the engines of
        several processes may propose the same for all of them.

        Args:
            drawn: what was proposed. It stays unless a running trial has it.
            given: the values that the trial has already.
            running: those of the other trials, as far as they are known.
        """
        for _ in range(DRAWS):
            point = {**given, **drawn}
            if not any(point.items() <= each.items() for each in running):
                break
            drawn = self.write(self.space.sample(rng))
        return drawn

    def _held(self, name: str, value: Any) -> Any:
        held = self._known[name]
        return held.to_external_repr(value) if isinstance(held, CategoricalDistribution) else value


class LearntSearch:
    """The engines of a learnt space, for one study.

    One follows what all trials have in common, and one each parameter beside that.
    """

    def __init__(self) -> None:
        self._followers: dict[Hashable, tuple[LearntSpace, Follower]] = {}
        self._common: Hashable = None
        self._intersection = IntersectionSearchSpace(include_pruned=True)

    def in_common(self, study: Study) -> dict[str, BaseDistribution]:
        """The distributions that every trial so far has had, those of a single value left out."""
        common = self._intersection.calculate(study)
        return {name: held for name, held in common.items() if not held.single()}

    def follower(
        self, known: Mapping[str, BaseDistribution], make: Callable[[LearntSpace], Follower]
    ) -> tuple[LearntSpace, Follower]:
        """The space behind some distributions and its engine, made at the first call."""
        key = tuple((name, repr(held)) for name, held in known.items())
        if key not in self._followers:
            if len(known) > 1:
                # What trials have in common only shrinks: the larger space will not come back.
                self._followers.pop(self._common, None)
                self._common = key
            learnt = LearntSpace(known)
            self._followers[key] = learnt, make(learnt)
        return self._followers[key]


def _parameter(held: BaseDistribution) -> Parameter:
    match held:
        case FloatDistribution():
            step = None if held.single() else held.step
            return Float(held.low, held.high, log=held.log, step=step)
        case IntDistribution(log=True):
            return Int(held.low, held.high, log=True)
        case IntDistribution():
            return Int(held.low, held.high, step=None if held.single() else held.step)
        case CategoricalDistribution():
            return Choice(range(len(held.choices)))
    raise SpecError(f"no parameter for {held!r}")
