"""Spaces as `trial.suggest_*` would draw them, for people who migrate."""

from __future__ import annotations

from optuna.distributions import BaseDistribution

from crosstune.engines.study_values import distribution
from crosstune.errors import Unsupported
from crosstune.space.parameters import Choice, Float, Int, Normal, Parameter
from crosstune.space.space import Space


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
    """Differences that the law does not show."""
    differences = []
    if mode == "literal" and isinstance(item, Choice) and item.ordered:
        differences.append("the order is lost: a categorical has none")
    if mode == "literal" and item.when:
        differences.append("the condition is lost: suggest it in the objective, after its parents")
    return tuple(differences)
