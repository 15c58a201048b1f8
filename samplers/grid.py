"""Grid search of our own, for every space and every backend that has none."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

from crosstune.engines import registry as adapters
from crosstune.engines.base import Engine, Exhausted, Outcome, seed_in_32_bits
from crosstune.errors import Unsupported
from crosstune.samplers.engine import EngineSampler
from crosstune.space.space import Params, Space
from crosstune.system.scalars import plain_arguments

MAX_POINTS = 1_000_000


class GridSampler(EngineSampler):
    """Every point of a grid once, in an order that the seed shuffles.

    A finite parameter contributes all its values, any other the middles of `points` equal shares
    of its prior. Points that differ only in inactive parameters are one point. The study stops
    when all are evaluated.

    Use it to cover small spaces, not for one with more points than trials. Memory is O(points of
    the grid), at most a million; a proposal takes O(1).

    Args:
        space: to search. None: learn it from the trials.
        points: number of values of a parameter that is not finite.
        seed: any integer; None is 0.
    """

    @plain_arguments()
    def __init__(self, *, space: Space | None = None, points: int = 10, seed: int | None = None):
        super().__init__(
            adapters.get("crosstune"), "grid", space=space, seed=seed, options={"points": points}
        )


class GridEngine(Engine):
    """The points of a grid, each proposed once.

    Args:
        space, points, seed: see `GridSampler`.

    Raises:
        Unsupported: the grid has too many points.
    """

    exhaustive = True

    def __init__(self, space: Space, *, points: int = 10, seed: int | None = None):
        self.native = list(itertools.islice(grid(space, points), MAX_POINTS + 1))
        if len(self.native) > MAX_POINTS:
            raise Unsupported(
                f"a grid over this space has more than {MAX_POINTS} points. Use 'random', or steps"
            )
        random.Random(seed_in_32_bits(seed) or 0).shuffle(self.native)
        self.lasts = len(self.native)
        self._next = 0

    def ask(self, trial: int) -> Params:
        """The next point."""
        if self._next == len(self.native):
            raise Exhausted
        self._next += 1
        return dict(self.native[self._next - 1])

    def tell(self, trial: int, outcome: Outcome) -> None:
        """A grid does not learn."""

    def replace(self, trial: int, params: Params, outcome: Outcome) -> None:
        """A grid does not learn."""

    def insert(self, params: Params, outcome: Outcome) -> None:
        """A grid does not learn."""


def grid(space: Space, points: int) -> Iterator[Params]:
    """Every point of the grid, active parameters only, the last parameter changing fastest."""
    names = list(space)

    def extend(params: Params, depth: int) -> Iterator[Params]:
        if depth == len(names):
            yield dict(params)
            return
        name = names[depth]
        if not space.is_active(name, params):
            yield from extend(params, depth + 1)
            return
        for raw in space[name].grid_points(points):
            yield from extend({**params, name: space[name].decode(raw)}, depth + 1)

    return extend({}, 0)
