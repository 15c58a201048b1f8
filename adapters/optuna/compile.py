"""Spaces as distributions, with the values and priors of the spec."""

from __future__ import annotations

from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution

from crosstune.engines import study_values as ledger
from crosstune.space.coordinates import Continuous, Index
from crosstune.space.parameters import Parameter
from crosstune.space.space import Space


def exact(space: Space) -> dict[str, BaseDistribution]:
    """A distribution for each searched parameter, in the order of the space."""
    return {name: distribution(item) for name, item in space.searched.items()}


def distribution(item: Parameter) -> BaseDistribution:
    """The distribution with a parameter's values and prior: a native one, or its coordinate's."""
    native = ledger.distribution(item)
    match item.coordinate:
        case Index(n, ordered=True) if not isinstance(native, IntDistribution) or native.log:
            return IntDistribution(0, n - 1)
        case Continuous(low, high, log):
            return FloatDistribution(low, high, log=log)
    return native
