"""A space that nobody declared: Optuna distributions, seen in trials, as a space of ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from crosstune.errors import SpecError
from crosstune.space.parameters import Choice, Float, Int, Parameter
from crosstune.space.space import Params, Space

DRAWS = 20
"""How often a value is drawn again that a running trial has."""


class LearnedSpace:
    """The space behind some distributions, and how its points stand in the ledger.

    A categorical is searched by position, since Optuna takes any object as a choice.

    Args:
        known: the distributions.
        parameters: of each.
    """

    def __init__(self, known: Mapping[str, BaseDistribution], parameters: Mapping[str, Parameter]):
        self._known = dict(known)
        self.space = Space(parameters)

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


def parameters_of(search_space: Mapping[str, BaseDistribution]) -> dict[str, Parameter]:
    """The parameters behind distributions; there is none for a range of 10**9 steps."""
    parameters: dict[str, Parameter] = {}
    for name, distribution in search_space.items():
        with suppress(SpecError):
            parameters[name] = _parameter(distribution)
    return parameters


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
