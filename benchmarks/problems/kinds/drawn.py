"""Parts of the drawn functions: positions in a range, and coefficients of a fixed seed."""

from __future__ import annotations

import math
from functools import cache
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from crosstune.space.space import Params


def number(params: Params, name: str) -> float:
    """The value of a parameter that is a number."""
    return float(cast(float, params[name]))


def position(value: float, low: float, high: float, *, log: bool = False) -> float:
    """Where a value lies in a range: 0 at `low`, 1 at `high`.

    Args:
        value: in the units of the range.
        low: above 0 if `log`.
        high: above `low`.
        log: on a logarithmic scale.

    >>> position(1e-3, 1e-5, 1.0, log=True)
    0.4...
    """
    if log:
        value, low, high = math.log(value), math.log(low), math.log(high)
    return (value - low) / (high - low)


def dip(at: float, bottom: float, width: float) -> float:
    """A smooth hollow: 0 at the bottom, near 1 farther than two widths from it.

    Args:
        at: the place to measure.
        bottom: the place of the bottom, in the same units.
        width: the standard deviation of the bell that is cut out, above 0.
    """
    return 1 - math.exp(-0.5 * ((at - bottom) / width) ** 2)


@cache
def normals(seed: int, *shape: int) -> NDArray[Any]:
    """Standard normal numbers of a seed, which must not be written to."""
    drawn = np.random.default_rng(seed).normal(size=shape)
    drawn.setflags(write=False)
    return drawn
