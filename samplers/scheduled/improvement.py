"""Expected improvement in one number."""

from __future__ import annotations

from statistics import NormalDist

_STANDARD = NormalDist()


def expected_improvement(gain: float, deviation: float) -> float:
    """How much a normal variable improves on the incumbent on average.

    Args:
        gain: the incumbent minus the mean; lower values are better.
        deviation: above 0.

    >>> round(expected_improvement(0.0, 1.0), 4)
    0.3989
    """
    z = gain / deviation
    return gain * _STANDARD.cdf(z) + deviation * _STANDARD.pdf(z)
