"""What crosstune is told of the engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from crosstune.engines.base import Adapter, Algorithm
from crosstune.space.space import Space
from tests.engines.toy.compile import exact
from tests.engines.toy.library import Board
from tests.engines.toy.search import ToyEngine


def _options(warm_up: int = 10) -> None:
    """The options of `climb`."""


class ToyAdapter(Adapter):
    """Walks on boards."""

    name: ClassVar[str] = "toy"
    distribution: ClassVar[str] = "toy-engine"
    roles: ClassVar[Mapping[str, str]] = {"random": "random", "bayesian": "climb"}
    algorithms: ClassVar[Mapping[str, Algorithm]] = {
        "random": Algorithm("random search"),
        "climb": Algorithm("redraws a part of a good point", lambda: _options),
    }

    def compile(self, space: Space, *, mode: str = "exact") -> Board:
        """A board."""
        self.check_mode(mode)
        return exact(space)

    def engine(
        self,
        algorithm: str,
        space: Space,
        *,
        seed: int | None,
        maximize: bool,
        options: Mapping[str, Any],
    ) -> ToyEngine:
        """A fresh search."""
        self.algorithms[algorithm].check_options(f"toy:{algorithm}", options)
        return ToyEngine(space, seed, maximize, climbs=algorithm == "climb", **options)
