"""Optuna's own distributions: what they draw, and spaces written in and read from them.

- A stepped float draws ``low + k * step`` in binary arithmetic, so 0.30000000000000004 for 0.3.
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

from crosstune.engines.study_values import distribution
from crosstune.errors import SpecError, Unsupported
from crosstune.space.parameters import Bool, Choice, Constant, Float, Int, Normal, Parameter
from crosstune.space.probability import Continuous, Discrete, Law, law, rounded, total_variation
from crosstune.space.space import Space
from crosstune.space.verdicts import Verdict

_REPLACED = {
    "UniformDistribution": "FloatDistribution(low, high)",
    "LogUniformDistribution": "FloatDistribution(low, high, log=True)",
    "DiscreteUniformDistribution": "FloatDistribution(low, high, step=q)",
    "IntUniformDistribution": "IntDistribution(low, high, step=step)",
    "IntLogUniformDistribution": "IntDistribution(low, high, log=True)",
}


def literal(space: Space) -> dict[str, BaseDistribution]:
    """A distribution for each parameter, as `trial.suggest_*` would make it.

    Raises:
        Unsupported: Optuna has none, with the reason.
    """
    return {name: _distribution(name, item) for name, item in space.items()}


def _distribution(name: str, item: Parameter) -> BaseDistribution:
    match item:
        case Float(low, high, log=True, step=step) if step is not None and low < high:
            raise _none(name, item, "FloatDistribution takes no step on a log scale")
        case Int(low, high, log=True, step=step) if step is not None and low < high:
            raise _none(name, item, "IntDistribution takes no step on a log scale")
        case Choice(weights=weights) if weights is not None and len(item.values) > 1:
            raise _none(name, item, "suggest_categorical gives all choices the same odds")
        case Choice(values) if len(set(values)) < len(values):
            raise _none(name, item, "CategoricalDistribution takes 1, 1.0 and True for the same")
        case Normal():
            raise _none(name, item, "it has no normal distribution")
    return distribution(item)


def _none(name: str, item: Parameter, reason: str) -> Unsupported:
    return Unsupported(
        f"optuna has no literal form of {name!r} ({item.type}): {reason}. Use exact mode"
    )


def notes(item: Parameter, mode: str) -> tuple[str, ...]:
    """What differs although the law may be the same."""
    found = []
    if mode == "literal" and isinstance(item, Choice) and item.ordered:
        found.append("the order is lost: a categorical has none")
    if mode == "literal" and item.when:
        found.append("the condition is lost: suggest it in the objective, after its parents")
    return tuple(found)


def law_of(construct: BaseDistribution) -> Law:
    """What `RandomSampler` draws from a distribution."""
    match construct:
        case CategoricalDistribution(choices=choices):
            return Discrete(list(choices), [1 / len(choices)] * len(choices))
        case FloatDistribution(low=low, high=high) | IntDistribution(low=low, high=high) if (
            low == high
        ):
            return Discrete([low], [1.0])
        case FloatDistribution(low=low, high=high, step=None, log=log):
            return Continuous(low, high, log)
        case FloatDistribution(low=low, high=high, step=step):
            assert step is not None
            base = Continuous(low - step / 2, high + step / 2)
            return rounded(base, low, step, 0, round((high - low) / step))
        case IntDistribution(low=low, high=high, log=True):
            base = Continuous(low - 0.5, high + 0.5, log=True)
            return rounded(base, 0, 1, low, high, whole=True)
        case IntDistribution(low=low, high=high, step=step):
            return rounded(None, low, step, 0, (high - low) // step, whole=True)
    raise Unsupported(f"no law is known of {construct!r}")


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
