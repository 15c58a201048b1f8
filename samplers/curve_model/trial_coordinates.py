"""The parameters of trials as coordinates, so that near trials are similar.

A number has its position in the range, on a log scale if it is drawn on one; a choice among numbers
has the position of its rank. Options of other choices are as far apart as the ends of a range.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import chain
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import FrozenTrial

Place: TypeAlias = Mapping[tuple[str, Any], float]
"""Coordinates by name; a missing one is 0."""

APART = math.sqrt(0.5)
"""Value of an option's coordinate; two options differ in two coordinates, so by a distance of 1."""
FAR = 100.0
"""Distance between trials without parameters, of which none is near another."""


def place(trial: FrozenTrial) -> Place:
    """The coordinates of a trial.

    >>> import optuna
    >>> lr = optuna.distributions.FloatDistribution(0.001, 0.1, log=True)
    >>> place(optuna.trial.create_trial(params={"lr": 0.01}, distributions={"lr": lr}, value=0))
    {('lr', 'given'): 0.7071067811865476, ('lr', 'number'): 0.0}
    """
    point: dict[tuple[str, Any], float] = {}
    for name, value in trial.params.items():
        distribution = trial.distributions[name]
        number = _number(distribution, value)
        if number is None:
            point[name, distribution.to_internal_repr(value)] = APART
        else:
            point[name, "given"] = APART  # far from points without the parameter
            point[name, "number"] = number - 0.5
    return point or {("", "trial"): FAR * (trial.number + 1)}


def _number(distribution: BaseDistribution, value: Any) -> float | None:
    """The position in the range, in [0, 1]; None for a choice without an order."""
    match distribution:
        case CategoricalDistribution():
            choices = distribution.choices
            # The types, because True == 1.
            ranks = _ranks(choices, types) if _numbers(types := tuple(map(type, choices))) else ()
            return ranks.index(value) / (len(ranks) - 1) if ranks else None
        case FloatDistribution() | IntDistribution():
            if distribution.low == distribution.high:
                return 0.5
            scale = math.log if distribution.log else _half
            low, high = scale(distribution.low), scale(distribution.high)
            return (scale(value) - low) / (high - low)
    return None


def _half(number: float) -> float:
    return number / 2  # so that no difference overflows


@lru_cache
def _numbers(types: tuple[type, ...]) -> bool:
    return all(issubclass(kind, int | float) and kind is not bool for kind in types)


@lru_cache
def _ranks(choices: tuple[float, ...], types: tuple[type, ...]) -> tuple[float, ...]:
    """Numbers in their order; none if they have no order, or if there is one alone."""
    ranks = sorted({choice for choice in choices if choice == choice})
    return () if len(ranks) < len(choices) or len(ranks) < 2 else tuple(ranks)


class Map:
    """Places as rows of a matrix, in the order of addition."""

    def __init__(self) -> None:
        self._columns: dict[tuple[str, Any], int] = {}
        self.rows = np.empty((0, 0))

    def add(self, place: Place) -> None:
        """Add a row."""
        for name in place:
            self._columns.setdefault(name, len(self._columns))
        n, d = self.rows.shape
        grown = np.zeros((n + 1, len(self._columns)))
        grown[:n, :d] = self.rows
        for name, coordinate in place.items():
            grown[n, self._columns[name]] = coordinate
        self.rows = grown

    def squares(self, place: Place) -> NDArray[np.float64]:
        """(n,) the squared distance of each row from a place."""
        here = [place.get(name, 0.0) for name in self._columns]
        beside = sum(
            coordinate**2 for name, coordinate in place.items() if name not in self._columns
        )
        squares: NDArray[np.float64] = ((self.rows - here) ** 2).sum(axis=1) + beside
        return squares


def coordinates(places: Iterable[Place]) -> NDArray[np.float64]:
    """(n, d) the coordinates of n places; d counts those that any place has."""
    places = list(places)
    columns = {name: i for i, name in enumerate(dict.fromkeys(chain.from_iterable(places)))}
    matrix = np.zeros((len(places), len(columns)))
    for row, place in zip(matrix, places, strict=True):
        row[[columns[name] for name in place]] = list(place.values())
    return matrix
