"""Each library called by hand on a compiled space, as its own users would write it.

A file `by_hand.py` in the folder of each engine has `search(algorithm, space, *, seed, trials,
loss)`: what the library suggests when crosstune is not there. `crosstune verify` and the tests
hold the engines to it. Nothing of a sampler or an engine of crosstune is used; only the compiled
space, and the way from what the library drew to the spec's values.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from crosstune.space.space import Params


@dataclass(frozen=True)
class Suggestion:
    """A point, and the epoch up to which a scheduler wants it trained."""

    params: Params
    epochs: int | None = None


Loss: TypeAlias = Callable[[Suggestion], float]
"""What is minimised; it has to depend on the suggestion alone."""
