"""The epochs at which trainings are paused."""

from __future__ import annotations

NEAR = 1.25
"""A rung that is so near to the end, as a factor, is left out."""


def rungs(first: int, factor: float, max_epochs: int) -> list[int]:
    """The rungs from the first one to the end, each `factor` times the one before.

    Args:
        first: epochs of the first rung.
        factor: above 1.
        max_epochs: of the last rung.

    >>> rungs(3, 1.6, 52)
    [3, 5, 8, 12, 20, 31, 52]
    >>> rungs(1, 3, 81)
    [1, 3, 9, 27, 81]
    """
    ladder: list[int] = []
    exact = float(first)
    while round(exact) * NEAR < max_epochs:
        if not ladder or round(exact) > ladder[-1]:
            ladder.append(round(exact))
        exact *= factor
    return [*ladder, max_epochs]
