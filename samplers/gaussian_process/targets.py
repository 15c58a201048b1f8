"""The targets of the model, from the values of the trials."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crosstune.samplers.gaussian_process.dimensions import Numbers

COMPLETE, PRUNED, FAILED = 0, 1, 2
STATES = {"complete": COMPLETE, "pruned": PRUNED, "failed": FAILED}

FLOORS = (0.05, 0.5, 5.0)
"""Candidates for the shift before the logarithm: the smaller, the more it stretches gaps near the
best. The last one is almost linear."""

NOISE_OF = {COMPLETE: 0.0, PRUNED: 0.1, FAILED: 0.3}
"""Variance of noise beside the fitted one, where the targets have variance 1."""


@dataclass(frozen=True)
class Targets:
    """The targets of the model.

    Attributes:
        values: (n,), standardised.
        extra: (n,) variances of noise beside the fitted one.
        stretch: (n,) the log of the derivative by the trial's value, up to a constant.
    """

    values: Numbers
    extra: Numbers
    stretch: Numbers


def targets(values: Numbers, states: NDArray[np.int8], floor: float = FLOORS[0]) -> Targets:
    """The targets for some values.

    A value y becomes log((y - best) / (median - best) + floor), standardised. Infinite values
    become the worst or the best finite one.

    A pruned trial is censored: it would hardly have beaten trials that were better at that time.
    So it has the value of its last report, clipped to the range from the median to the worst of the
    completed trials, with noise. A failed one has the worst value, with more noise, since failures
    may be bad luck and tell little about the point.

    Args:
        values: (n,), less is better; NaN for none.
        states: (n,) COMPLETE, PRUNED or FAILED; pruned trials have a value.
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
    clipped = np.clip(np.where(states == FAILED, high, values), low, high)
    if whole.any():
        clipped = np.where(states == PRUNED, np.maximum(clipped, middle), clipped)
    # Halves, since differences may be beyond the largest number.
    unit = middle / 2 - low / 2 or float(np.mean(finite / 2 - low / 2))
    if unit <= 0:
        return flat
    shares = np.minimum((clipped / 2 - low / 2) / unit, 1e12) + floor
    logs = np.log(shares)
    deviation = float(logs[trusted].std()) or 1.0
    logs = (logs - logs[trusted].mean()) / deviation
    return Targets(logs, extra, -np.log(shares) - np.log(deviation))
