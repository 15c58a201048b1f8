"""Seeds: the engines' own, so far apart that no two searches draw the same numbers."""

from __future__ import annotations

import math

from crosstune.errors import RequestError
from crosstune.space.space import Space

SPACING = 1_000_003
"""How far the seeds of two runs are apart. Keras Tuner counts its seed on by one a number drawn, so
its search under seed s + d is the one under seed s, shifted."""

MOST_SEEDS = 2_000
"""With more the engines' seeds would leave 31 bits."""


def engine_seed(seed: int) -> int:
    """The seed that every contender gets for the match's seed, 0 to `MOST_SEEDS` - 1.

    Never 0, which Keras Tuner takes for none. The seed of a trial follows from it and from the
    trial's number alone, so the k-th trials of all contenders have the same.

    >>> engine_seed(0), engine_seed(1)
    (1, 1000004)
    """
    return 1 + seed * SPACING


def check_seeds(seeds: int, trials: int | None, space: Space) -> None:
    """Refuse what would let streams overlap.

    Raises:
        RequestError: too many seeds, or too many draws in a run.
    """
    if not 1 <= seeds <= MOST_SEEDS:
        raise RequestError(f"a match has 1 to {MOST_SEEDS} seeds, not {seeds}")
    most = math.ceil(SPACING / max(1, len(space.searched))) - 1
    if trials is not None and not 1 <= trials <= most:
        raise RequestError(f"a run of this space has 1 to {most} trials, not {trials}")
