"""A search in which trials meet different fates, driven on an engine by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from crosstune import Space
from crosstune.engines.base import Engine, Outcome

FATES = ["complete", "pruned", "failed", "pending", "insert", "replace"]


def loss(params: dict[str, Any]) -> float:
    """A number that depends on the point alone."""
    return sum((_number(value) - 2.4) ** 2 for value in params.values())


def _number(value: Any) -> float:
    return float(len(str(value)) if isinstance(value, str | None) else value) % 7


def points(engine: Engine, space: Space, trials: int, fates: Sequence[str]) -> list[str]:
    """What is proposed while trials meet the fates in turn.

    "pending" trials run until one is pruned; before an "insert" one of another origin is told;
    a "replace" was evaluated elsewhere.
    """
    proposed, pending = [], []
    rng = np.random.default_rng(0)
    for number in range(trials):
        fate = fates[number % len(fates)]
        if fate == "insert":
            other = space.sample(rng)
            engine.insert(other, Outcome("complete", loss(other)))
        params = engine.ask(number)
        proposed.append(repr(params))
        if fate == "pending":
            pending.append((number, params))
            continue
        if fate == "replace":
            other = space.sample(rng)
            engine.replace(number, other, Outcome("complete", loss(other)))
        elif fate == "failed":
            engine.tell(number, Outcome("failed"))
        else:
            state = "pruned" if fate == "pruned" else "complete"
            engine.tell(number, Outcome(state, loss(params)))
        if fate == "pruned" and pending:
            late, point = pending.pop(0)
            engine.tell(late, Outcome("complete", loss(point)))
    return proposed
