"""The library by hand."""

from __future__ import annotations

from functools import partial

from crosstune.proofs.by_hand import Loss, Suggestion
from crosstune.space.space import Space
from tests.engines.toy.compile import active, exact
from tests.engines.toy.library import Point, Walk, play


def search(algorithm: str, space: Space, *, seed: int, trials: int, loss: Loss) -> list[Suggestion]:
    """What the library suggests."""
    made: list[Suggestion] = []

    def objective(point: Point) -> float:
        made.append(Suggestion(active(space, point)))
        return loss(made[-1])

    walk = Walk(exact(space), seed, partial(active, space), climbs=algorithm == "climb")
    play(objective, walk, trials)
    return made
