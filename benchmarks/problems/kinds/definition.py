"""What a module of a kind states about each of its problems."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from crosstune.space.space import Space
from crosstune.spec.measures import Metric


@dataclass(frozen=True)
class Definition:
    """A problem without its name; see `Problem` for the last three attributes.

    Attributes:
        objective: `score(params, trial=None)`, a function of a module.
        optimum: the best possible value, or None if it is not known.
    """

    space: Space
    metric: Metric
    objective: Callable[..., Any]
    optimum: float | None = None
    truth: Callable[..., float] | None = None
    batch: int = 1


def lowest(name: str) -> Metric:
    """The metric of a name, to be minimised."""
    return Metric(name=name, direction="minimize")


def highest(name: str) -> Metric:
    """The metric of a name, to be maximised."""
    return Metric(name=name, direction="maximize")
