"""What Optuna's distributions draw.

A stepped float draws ``low + k * step`` in binary arithmetic, so 0.30000000000000004 for 0.3.
"""

from __future__ import annotations

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from crosstune.errors import Unsupported
from crosstune.space.probability import ContinuousLaw, Discrete, Law, rounded


def law_of(construct: BaseDistribution) -> Law:
    """The law of `RandomSampler`'s draws from a distribution."""
    match construct:
        case CategoricalDistribution(choices=choices):
            return Discrete(list(choices), [1 / len(choices)] * len(choices))
        case FloatDistribution(low=low, high=high) | IntDistribution(low=low, high=high) if (
            low == high
        ):
            return Discrete([low], [1.0])
        case FloatDistribution(low=low, high=high, step=None, log=log):
            return ContinuousLaw(low, high, log)
        case FloatDistribution(low=low, high=high, step=step):
            assert step is not None
            base = ContinuousLaw(low - step / 2, high + step / 2)
            return rounded(base, low, step, 0, round((high - low) / step))
        case IntDistribution(low=low, high=high, log=True):
            base = ContinuousLaw(low - 0.5, high + 0.5, log=True)
            return rounded(base, 0, 1, low, high, whole=True)
        case IntDistribution(low=low, high=high, step=step):
            return rounded(None, low, step, 0, (high - low) // step, whole=True)
    raise Unsupported(f"no law is known of {construct!r}")
