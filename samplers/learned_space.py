"""A space that is not declared: Optuna distributions from trials as a `Space`."""

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
"""How often a point that a running trial has is drawn again."""


class LearnedSpace:
    """The space of some distributions, and how the ledger stores its points.

    A categorical is searched by position, since any object can be a choice in Optuna.

    Args:
        distributions: by name.
        parameters: by name, from `parameters_of`.
    """

    def __init__(
        self, distributions: Mapping[str, BaseDistribution], parameters: Mapping[str, Parameter]
    ):
        self._distributions = dict(distributions)
        self.space = Space(parameters)

    def read(self, params: Mapping[str, Any]) -> Params:
        """Decode a trial's params.

        Raises:
            SpecError: a parameter is missing or out of range.
        """
        point: Params = {}
        for name, item in self.space.items():
            if name not in params:
                raise SpecError(f"{name!r} is missing")
            value = params[name]
            distribution = self._distributions[name]
            if isinstance(distribution, CategoricalDistribution):
                try:
                    value = int(distribution.to_internal_repr(value))
                except ValueError as error:
                    raise SpecError(str(error)) from error
            coordinate = item.encode(value)
            exact = isinstance(item, Float) and item.grid is None
            point[name] = float(value) if exact else item.decode(coordinate)
        return point

    def write(self, point: Params) -> dict[str, Any]:
        """A point as the ledger stores it."""
        return {name: self._stored(name, value) for name, value in point.items()}

    def apart(
        self,
        drawn: dict[str, Any],
        fixed: Mapping[str, Any],
        running: Sequence[Mapping[str, Any]],
        rng: np.random.Generator,
    ) -> dict[str, Any]:
        """Values, as the ledger stores them, that differ from the points of all running trials.

        Until the first trial has ended, each parameter is proposed alone, and the engines of
        several processes may propose the same value for each.

        Args:
            drawn: the proposal. It is returned unless a running trial has it.
            fixed: the values that the trial has already.
            running: the params of the other running trials so far.
            rng: for other draws.
        """
        for _ in range(DRAWS):
            point = {**fixed, **drawn}
            if not any(point.items() <= params.items() for params in running):
                break
            drawn = self.write(self.space.sample(rng))
        return drawn

    def _stored(self, name: str, value: Any) -> Any:
        distribution = self._distributions[name]
        if isinstance(distribution, CategoricalDistribution):
            return distribution.to_external_repr(value)
        return value


def parameters_of(search_space: Mapping[str, BaseDistribution]) -> dict[str, Parameter]:
    """The parameters of distributions; a range of 10**9 steps has none."""
    parameters: dict[str, Parameter] = {}
    for name, distribution in search_space.items():
        with suppress(SpecError):
            parameters[name] = _parameter(distribution)
    return parameters


def _parameter(law: BaseDistribution) -> Parameter:
    match law:
        case FloatDistribution():
            step = None if law.single() else law.step
            return Float(law.low, law.high, log=law.log, step=step)
        case IntDistribution(log=True):
            return Int(law.low, law.high, log=True)
        case IntDistribution():
            return Int(law.low, law.high, step=None if law.single() else law.step)
        case CategoricalDistribution():
            return Choice(range(len(law.choices)))
    raise SpecError(f"no parameter for {law!r}")
