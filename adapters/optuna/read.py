"""Parameters read from Optuna's distributions.

- A dictionary of distributions has no conditions: the objective suggests a child after its
  parents. So the space that is read has none.
- A categorical has no order, and treats 1, 1.0 and True as the same choice. One of a single
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
    """The space of distributions by name.

    Raises:
        Unsupported: one has no equivalent parameter, with its name and the reason.
    """
    return read_with_verdicts(native)[0]


def read_with_verdicts(native: Mapping[str, BaseDistribution]) -> tuple[Space, dict[str, Verdict]]:
    """The space of distributions, and how close it is to each."""
    if not isinstance(native, Mapping):
        raise Unsupported(
            f"a mapping of names to Optuna distributions is needed, not {type(native).__name__}. "
            "An objective that suggests as it runs has no space to read: give the distributions "
            "of a trial (`trial.distributions`)"
        )
    parameters = {name: _parameter(name, distribution) for name, distribution in native.items()}
    verdicts = {
        name: Verdict.of(total_variation(law_of(native[name]), law(item)))
        for name, item in parameters.items()
    }
    try:
        return Space(parameters), verdicts
    except SpecError as error:
        raise Unsupported(f"the space cannot be held: {error}") from error


def _parameter(name: str, native: BaseDistribution) -> Parameter:
    old = type(native).__name__
    if old in _REPLACED and type(native) is getattr(distributions, old, None):
        raise Unsupported(
            f"{name!r} is an optuna.distributions.{old}, which belongs to Optuna 2. Make it "
            f"{_REPLACED[old]}"
        )
    if isinstance(native, FloatDistribution | IntDistribution) and not all(
        math.isfinite(bound) for bound in (native.low, native.high)
    ):
        raise Unsupported(f"{name!r} has a bound that is not finite: {native!r}")
    try:
        match native:
            case FloatDistribution(low=low, high=high, log=log):
                return Float(low, high, log=log, step=None if native.single() else native.step)
            case IntDistribution(low=low, high=high, log=True):
                return Int(low, high, log=True)
            case IntDistribution(low=low, high=high, step=step):
                return Int(low, high, step=None if step == 1 or native.single() else step)
            case CategoricalDistribution(choices=(False, True)):
                return Bool()
            case CategoricalDistribution(choices=(value,)):
                return Constant(value)
            case CategoricalDistribution(choices=choices):
                return Choice(list(choices))
    except SpecError as error:
        raise Unsupported(f"{name!r} ({native!r}) cannot be held: {error}") from error
    raise Unsupported(f"{name!r} is not an Optuna distribution, but {native!r}")
