"""The library: boards, and a search that draws near the best of what it was told."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

Point = dict[str, Any]


class Board:
    """What is searched: for each name a function from a share, 0 to 1, to a value."""

    def __init__(self, draws: Mapping[str, Callable[[float], Any]]):
        self.draws = dict(draws)


class Range:
    """A line of a board, as users write it."""

    def __init__(self, low: float, high: float):
        self.low, self.high = low, high

    def __call__(self, share: float) -> float:
        return self.low + share * (self.high - self.low)


class Walk:
    """A search of a board for the smallest loss.

    Args:
        key: what of a point tells it from others; None is all of it.
    """

    def __init__(
        self,
        board: Board,
        seed: int | None = None,
        key: Callable[[Point], object] | None = None,
        *,
        climbs: bool,
        warm_up: int = 10,
    ):
        self.key = key or dict
        self.board, self.climbs, self.warm_up = board, climbs, warm_up
        self.random = random.Random(seed)
        self.told: list[tuple[float, Point]] = []
        self.drawn: list[tuple[Point, dict[str, float]]] = []
        self.keys: list[object] = []

    def ask(self) -> Point:
        """A point that was not asked before, if twenty tries find one."""
        for _ in range(20):
            point, shares = self._draw()
            key = self.key(point)
            if key not in self.keys:
                break
        self.drawn.append((point, shares))
        self.keys.append(key)
        return point

    def _draw(self) -> tuple[Point, dict[str, float]]:
        base: Point = {}
        if self.climbs and len(self.told) >= self.warm_up:
            self.told.sort(key=lambda pair: pair[0])
            base = self.random.choice(self.told[: max(1, len(self.told) // 5)])[1]
        point: Point = {}
        shares: dict[str, float] = {}
        for name, draw in self.board.draws.items():
            shares[name] = self.random.random()
            near = []
            if name in base:
                near = [s[name] for p, s in self.drawn if p[name] == base[name]]
            if near:  # a share near that of a good point
                shares[name] = abs(self.random.gauss(near[-1], 0.1)) % 1
            keeps = name in base and self.random.random() < (0.3 if near else 0.7)
            point[name] = base[name] if keeps else draw(shares[name])
        return point, shares

    def tell(self, point: Point, loss: float) -> None:
        """What a point was worth."""
        self.told.append((loss, point))


def play(loss: Callable[[Point], float], walk: Walk, times: int) -> None:
    """What users of the library call; `crosstune exec` takes it over."""
    for _ in range(times):
        point = walk.ask()
        walk.tell(point, loss(point))
