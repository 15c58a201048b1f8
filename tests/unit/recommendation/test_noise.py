"""The models: their gradients, what they say of noise, and the scale of the values."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import check_grad

from crosstune.recommendation.leaders import EVIDENCE
from crosstune.recommendation.noise import (
    BOTH,
    NOISY,
    ROUGH,
    SMOOTH,
    Likelihood,
    with_noise,
    without_noise,
)
from crosstune.recommendation.scale import SHIFTS, Numbers, Scale


def squares(x: Numbers) -> Numbers:
    """(d, n, n) squared distances by parameter of (n, d) points."""
    return np.moveaxis((x[:, None] - x[None]) ** 2, 2, 0)


@pytest.mark.parametrize("model", [SMOOTH, ROUGH, BOTH, NOISY])
def test_the_gradient_is_that_of_the_value(model: str) -> None:
    rng = np.random.default_rng(0)
    likelihood = Likelihood(model, squares(rng.random((12, 3))), rng.normal(size=12))
    theta = 0.4 * rng.normal(size={SMOOTH: 4, ROUGH: 4, BOTH: 6, NOISY: 5}[model])
    error = check_grad(lambda x: likelihood(x)[0], lambda x: likelihood(x)[1], theta)
    assert error < 1e-4 * float(np.linalg.norm(likelihood(theta)[1]))


def _evidence(x: Numbers, values: Numbers) -> float:
    return without_noise(squares(x), values) - with_noise(squares(x), values).score


def test_noise_is_told_from_a_smooth_and_from_a_rough_function() -> None:
    rng = np.random.default_rng(1)
    x = rng.random((50, 1))
    smooth = 3 * (x[:, 0] - 0.4) ** 2
    rough = smooth + 0.3 * np.sin(60 * x[:, 0])
    assert _evidence(x, smooth) < -20
    assert _evidence(x, rough) < 0
    assert _evidence(x, smooth + 0.2 * rng.normal(size=50)) > 5


def test_a_random_walk_is_rough_and_not_noisy() -> None:
    rng = np.random.default_rng(0)
    x = np.sort(rng.random((40, 1)), axis=0)
    covariance = np.exp(-np.abs(x - x.T) / 0.5) + 1e-9 * np.eye(40)
    walk = np.linalg.cholesky(covariance) @ rng.normal(size=40)
    scale = Scale.of(walk, SHIFTS[0])
    smooth = Likelihood(SMOOTH, squares(x), scale(walk)).fit()[0] - scale.stretch(walk)
    assert smooth - with_noise(squares(x), walk).score > EVIDENCE
    assert _evidence(x, walk) < 0


def test_the_posterior_averages_repeats() -> None:
    rng = np.random.default_rng(2)
    x = np.array([[0.1]] * 16 + [[0.9]] + [[v] for v in np.linspace(0, 1, 20)])
    truth = x[:, 0]
    values = truth + 0.5 * rng.normal(size=len(x))
    fit = with_noise(squares(x), values)
    _, covariance, noise = fit.likelihood.posterior(fit.theta, [0, 16])
    assert covariance[0, 0] < covariance[1, 1] < noise


@pytest.mark.parametrize("shift", SHIFTS)
@pytest.mark.parametrize("unit", [1e-300, 1.0, 1e300])
def test_the_scale_leads_back(shift: float, unit: float) -> None:
    values = unit * np.array([-1.0, 0.0, 0.5, 1.5, 3.0])
    scale = Scale.of(values, shift)
    scaled = scale(values)
    assert (float(scaled.mean()), float(scaled.std())) == pytest.approx((0.0, 1.0))
    assert [scale.back(place) for place in scaled.tolist()] == pytest.approx(
        values.tolist(), abs=1e-9 * unit
    )
    middle, deviation = scale.range(float(scaled[2]), 0.1)
    assert middle == pytest.approx(0.5 * unit)
    assert 0 < deviation < 2 * unit


def test_the_density_of_the_scale_is_its_slope() -> None:
    values = np.array([0.0, 1.0, 2.5, 7.0])
    scale, small = Scale.of(values, 0.5), 1e-6
    slopes = (scale(values + small) - scale(values)) / small
    constant = scale.stretch(values) - float(np.log(slopes).sum())
    assert constant == pytest.approx(len(values) * np.log(2 * scale.unit), abs=1e-4)
