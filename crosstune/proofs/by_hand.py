"""The types of a search that calls an engine's library by hand, as its own users would.

The file `by_hand.py` in the folder of each engine has `search(algorithm, space, *, seed, trials,
loss)`, which returns the suggestions of the library without crosstune. `crosstune verify` and the
tests compare the engines with it. It uses no sampler or engine of crosstune, only the compiled
space and the decoding of the library's draws to the spec's values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from crosstune.space.space import Params


@dataclass(frozen=True)
class Suggestion:
    """A point, and the epoch up to which a scheduler trains it."""

    params: Params
    epochs: int | None = None


Loss: TypeAlias = Callable[[Suggestion], float]
"""The function to minimise; it has to depend on the suggestion alone."""


@dataclass(frozen=True)
class SeveralLosses:
    """Several functions to minimise, and constraints, which are met at 0 or below.

    A `search` that takes several objectives or constraints itself has a parameter `losses`, None
    for the one loss.
    """

    objectives: Sequence[Loss]
    constraints: Mapping[str, Loss]
