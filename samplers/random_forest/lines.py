"""Lines through the data: what each parameter does by itself, and how sure that is.

Bayesian linear regression with one penalty (Bishop 2006, "Pattern Recognition and Machine
Learning", section 3.3), by the singular values of the columns.
"""

from __future__ import annotations

import math

import numpy as np

from crosstune.samplers.gaussian_process.dimensions import Numbers

PENALTIES = 10.0 ** np.arange(-2.0, 3.1, 0.5)
"""The variance of the noise over that of a slope; the likeliest is taken."""


class Lines:
    """The distribution of the slopes, given data.

    Args:
        columns: (n, l).
        targets: (n,).
        extra: (n,) variances of noise that is known.
    """

    def __init__(self, columns: Numbers, targets: Numbers, extra: Numbers):
        root = 1.0 / np.sqrt(1.0 + extra)
        left, self._values, self._axes = np.linalg.svd(columns * root[:, None], full_matrices=False)
        held = targets * root
        along = left.T @ held
        rest = max(float(held @ held - along @ along), 0.0)
        n, least = len(targets), math.inf
        square = self._values**2
        for penalty in PENALTIES:
            # Minus twice the log evidence (eq. 3.86), at the best variance of the noise.
            ratio = 1.0 + square / penalty
            noise = float((along * along / ratio).sum() + rest) / n + 1e-9
            evidence = n * math.log(noise) + float(np.log(ratio).sum())
            if evidence < least:
                least, self._penalty, self._noise = evidence, float(penalty), noise
        self._mean = self._axes.T @ (self._values / (square + self._penalty) * along)

    def drawn(self, rng: np.random.Generator) -> Numbers:
        """(l,) slopes, a draw of their distribution (eq. 3.49 to 3.51)."""
        z = rng.standard_normal(len(self._mean))
        seen = self._axes @ z
        inside = self._axes.T @ (seen / np.sqrt(self._values**2 + self._penalty))
        outside = (z - self._axes.T @ seen) / math.sqrt(self._penalty)
        return np.asarray(self._mean + math.sqrt(self._noise) * (inside + outside))
