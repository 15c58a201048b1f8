"""Seeds of the engines, so far apart that no two searches draw the same numbers."""

from __future__ import annotations

import math

from crosstune.errors import RequestError
from crosstune.space.space import Space

SPACING = 1_000_003
"""Distance between the seeds of two runs. Keras Tuner adds one to its seed for each number, so its
search with seed s + d is the one with seed s, shifted."""

MOST_SEEDS = 2_000
"""With more seeds, those of the engines would exceed 31 bits."""


def engine_seed(seed: int) -> int:
    """The seed of every contender's engine for a seed of the match, 0 to `MOST_SEEDS` - 1.

    It is never 0, which Keras Tuner takes as no seed. The seed of a trial depends only on it and
    on the trial's number, so the k-th trials of all contenders have the same seed.

    >>> engine_seed(0), engine_seed(1)
    (1, 1000004)
    """
    return 1 + seed * SPACING


def check_seeds(seeds: int, trials: int | None, space: Space) -> None:
    """Check that no two random streams overlap.

    Args:
        seeds: the number of seeds of the match.
        trials: the number of trials of a run; None for no limit.
        space: its searched parameters give the draws per trial.

    Raises:
        RequestError: too many seeds, or too many draws in a run.
    """
    if not 1 <= seeds <= MOST_SEEDS:
        raise RequestError(f"a match has 1 to {MOST_SEEDS} seeds, not {seeds}")
    most = math.ceil(SPACING / max(1, len(space.searched))) - 1
    if trials is not None and not 1 <= trials <= most:
        raise RequestError(f"a run of this space has 1 to {most} trials, not {trials}")
