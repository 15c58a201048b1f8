"""A rival for the tests, in this Python: it needs no library, and can be told to misbehave."""

from __future__ import annotations

import random
import sys
from typing import Any

from serve import RivalExhausted


class Rival:
    """Random search that says what it was told; `algorithm` is how it misbehaves."""

    def __init__(self, algorithm: str, parameters: list[dict[str, Any]], seed: int, trials: int):
        self.how = algorithm
        self.parameters = parameters
        self.rng = random.Random(seed)
        self.left = trials
        self.told: list[Any] = []
        print("this goes to the standard error")

    def ask(self) -> tuple[int, dict[str, Any]]:
        if self.how == "dies":
            sys.exit("out of ideas")
        if self.how == "garbage":
            return 0, {"x0": "much"}
        if self.how == "outside":
            return 0, {about["name"]: 1e9 for about in self.parameters}
        if self.how == "runs-dry" and not self.left:
            raise RivalExhausted
        self.left -= 1
        return self.left, {about["name"]: self.draw(about) for about in self.parameters}

    def draw(self, about: dict[str, Any]) -> float:
        if about["kind"] == "category":
            return self.rng.randrange(about["n"])
        if about["kind"] == "int":
            return self.rng.randint(about["low"], about["high"])
        return self.rng.uniform(about["low"], about["high"])

    def tell(self, token: int, loss: float | None) -> None:
        self.told.append(("tell", token, loss))
        self._show()

    def forget(self, token: int) -> None:
        self.told.append(("forget", token))

    def insert(self, point: dict[str, Any], loss: float | None) -> None:
        self.told.append(("insert", point, loss))
        self._show()

    def _show(self) -> None:
        """Die with what was told, where a test wants to see it."""
        if self.how == "shows" and self.told[-1][-1] == 99.0:
            sys.exit(repr(self.told))
