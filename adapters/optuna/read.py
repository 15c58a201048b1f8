"""Parameters read from Optuna's distributions.

- A dictionary of distributions has no place for conditions: they live in the objective, which
  suggests a child after its parents. What is read from one has none.
- A categorical has no order, and takes 1, 1.0 and True for the same choice. One of a single
  choice is read as a constant, one of False and True as a bool.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from optuna import distributions
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from crosstune.adapters.optuna.laws import law_of
from crosstune.errors import SpecError, Unsupported
from crosstune.space.law_distance import total_variation
from crosstune.space.parameters import Bool, Choice, Constant, Float, Int, Parameter
from crosstune.space.prior import law
from crosstune.space.space import Space
from crosstune.space.verdicts import Verdict

_REPLACED = {
    "UniformDistribution": "FloatDistribution(low, high)",
    "LogUniformDistribution": "FloatDistribution(low, high, log=True)",
    "DiscreteUniformDistribution": "FloatDistribution(low, high, step=q)",
    "IntUniformDistribution": "IntDistribution(low, high, step=step)",
    "IntLogUniformDistribution": "IntDistribution(low, high, log=True)",
}


def read(native: Mapping[str, BaseDistribution]) -> Space:
    """The space behind distributions by name.

    Raises:
        Unsupported: one has no parameter here, with its name and the reason.
    """
    return read_with_verdicts(native)[0]


def read_with_verdicts(
    native: Mapping[str, BaseDistribution],
) -> tuple[Space, dict[str, Verdict]]:
    """The space behind distributions, and how near it is to each."""
    if not isinstance(native, Mapping):
        raise Unsupported(
            f"a mapping of names to Optuna distributions is needed, not {type(native).__name__}. "
            "An objective that suggests as it runs has no space to read: give the distributions "
            "of a trial (`trial.distributions`)"
        )
    parameters = {name: _parameter(name, held) for name, held in native.items()}
    verdicts = {
        name: Verdict.of(total_variation(law_of(native[name]), law(item)))
        for name, item in parameters.items()
    }
    try:
        return Space(parameters), verdicts
    except SpecError as error:
        raise Unsupported(f"the space cannot be held: {error}") from error


def _parameter(name: str, held: BaseDistribution) -> Parameter:
    old = type(held).__name__
    if old in _REPLACED and type(held) is getattr(distributions, old, None):
        raise Unsupported(
            f"{name!r} is an optuna.distributions.{old}, which belongs to Optuna 2. Make it "
            f"{_REPLACED[old]}"
        )
    if isinstance(held, FloatDistribution | IntDistribution) and not all(
        math.isfinite(bound) for bound in (held.low, held.high)
    ):
        raise Unsupported(f"{name!r} has a bound that is not finite: {held!r}")
    try:
        match held:
            case FloatDistribution(low=low, high=high, log=log):
                return Float(low, high, log=log, step=None if held.single() else held.step)
            case IntDistribution(low=low, high=high, log=True):
                return Int(low, high, log=True)
            case IntDistribution(low=low, high=high, step=step):
                return Int(low, high, step=None if step == 1 or held.single() else step)
            case CategoricalDistribution(choices=(False, True)):
                return Bool()
            case CategoricalDistribution(choices=(value,)):
                return Constant(value)
            case CategoricalDistribution(choices=choices):
                return Choice(list(choices))
    except SpecError as error:
        raise Unsupported(f"{name!r} ({held!r}) cannot be held: {error}") from error
    raise Unsupported(f"{name!r} is no Optuna distribution, but {held!r}")
