"""From what the trials were worth to what the model is fitted to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crosstune.samplers.gaussian_process.dimensions import Numbers

COMPLETE, PRUNED, FAILED = 0, 1, 2
STATES = {"complete": COMPLETE, "pruned": PRUNED, "failed": FAILED}

FLOORS = (0.05, 0.5, 5.0)
"""What may be added before the logarithm: the less, the more the gaps near the best are drawn out.
With the last one little is bent."""

NOISE_OF = {COMPLETE: 0.0, PRUNED: 0.1, FAILED: 0.3}
"""Variance of noise beside the fitted one, where the targets have variance 1."""


@dataclass(frozen=True)
class Targets:
    """What the model is fitted to.

    Attributes:
        values: (n,), standardised.
        extra: (n,) variances of the noise that is known beforehand.
        stretch: (n,) the log of the derivative by what the trial was worth, up to a constant.
    """

    values: Numbers
    extra: Numbers
    stretch: Numbers


def targets(values: Numbers, states: NDArray[np.int8], floor: float = FLOORS[0]) -> Targets:
    """What the model is fitted to.

    A value y becomes log((y - best) / (median - best) + floor), standardised. Infinite ones are
    the worst or the best finite one.

    A pruned trial is censored: had it gone on, it would hardly have beaten the trials that were
    better than it, so it counts as its last report, but as no better than the median of the
    completed trials and no worse than the worst; with noise. A failed one counts as the worst,
    with more noise: failures may be bad luck, and say little of how bad the point is.

    Args:
        values: less is better; NaN where there is none.
        states: COMPLETE, PRUNED or FAILED; pruned trials have a value.
        floor: one of `FLOORS`.
    """
    whole = states == COMPLETE
    trusted = whole if whole.any() else states == PRUNED
    finite = values[trusted & np.isfinite(values)]
    extra = np.array([NOISE_OF[int(state)] for state in states])
    flat = Targets(np.zeros(len(values)), extra, np.zeros(len(values)))
    if not len(finite):
        return flat
    low, middle, high = float(finite.min()), float(np.median(finite)), float(finite.max())
    held = np.clip(np.where(states == FAILED, high, values), low, high)
    if whole.any():
        held = np.where(states == PRUNED, np.maximum(held, middle), held)
    # Halves, since differences may be beyond the largest number.
    unit = middle / 2 - low / 2 or float(np.mean(finite / 2 - low / 2))
    if unit <= 0:
        return flat
    shares = np.minimum((held / 2 - low / 2) / unit, 1e12) + floor
    found = np.log(shares)
    deviation = float(found[trusted].std()) or 1.0
    found = (found - found[trusted].mean()) / deviation
    return Targets(found, extra, -np.log(shares) - np.log(deviation))
