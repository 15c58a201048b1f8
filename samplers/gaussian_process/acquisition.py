"""The logarithm of expected improvement, which keeps its slope where improvement is unlikely.

Ament, Daulton, Eriksson, Balandat and Bakshy 2023, "Unexpected improvements to expected
improvement for Bayesian optimization", eq. 8 and 9.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import erfcx, log_ndtr, ndtr

from crosstune.samplers.gaussian_process.dimensions import Numbers

LOG_ROOT_2_PI = 0.5 * math.log(2.0 * math.pi)
_TAIL = -1e6


def log_h(z: Numbers) -> Numbers:
    """log(phi(z) + z Phi(z)), without cancellation for z far below 0 (eq. 9)."""
    z = np.maximum(np.asarray(z, float), _TAIL)
    plain = np.maximum(z, -1.0)
    density = np.exp(-0.5 * plain * plain - LOG_ROOT_2_PI)
    upper = np.log(density + plain * ndtr(plain))
    low = np.minimum(z, -1.0)
    # phi + z Phi = phi (1 - |z| sqrt(pi / 2) erfcx(|z| / sqrt(2))); about phi / z^2 far out.
    ratio = -low * math.sqrt(0.5 * math.pi) * erfcx(-low / math.sqrt(2.0))
    left = np.where(low > -1e3, np.log1p(-np.minimum(ratio, 1.0 - 1e-15)), -2.0 * np.log(-low))
    lower = -0.5 * low * low - LOG_ROOT_2_PI + left
    return np.where(z > -1.0, upper, lower)


def log_expected_improvement(mean: Numbers, deviation: Numbers, best: float) -> Numbers:
    """log E[max(best - f, 0)] for a normal f (eq. 8).

    Args:
        mean, deviation: of f at each point; (m,) each.
        best: the value to improve on.
    """
    return np.asarray(np.log(deviation) + log_h((best - mean) / deviation))


def slopes(mean: float, deviation: float, best: float) -> tuple[float, float]:
    """The derivatives of log expected improvement by the mean and by the deviation.

    Args:
        mean, deviation: of f at one point.
        best: the value to improve on.
    """
    z = max((best - mean) / deviation, _TAIL)
    log = float(log_h(np.array(z)))
    by_mean = -math.exp(min(float(log_ndtr(z)) - log, 700.0)) / deviation
    by_deviation = math.exp(min(-0.5 * z * z - LOG_ROOT_2_PI - log, 700.0)) / deviation
    return by_mean, by_deviation
