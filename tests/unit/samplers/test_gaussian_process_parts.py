"""The parts of the Gaussian process: kernel, fit, acquisition, encoding, targets."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats
from scipy.optimize import check_grad

from crosstune import Bool, Choice, Float, Int, LogNormal, Space
from crosstune.samplers.gaussian_process.acquisition import (
    log_expected_improvement,
    log_h,
    slopes,
)
from crosstune.samplers.gaussian_process.encoding import Encoding
from crosstune.samplers.gaussian_process.fit import Hyperparameters, Posterior, fit
from crosstune.samplers.gaussian_process.kernel import matern, parts, slope, squared_distances
from crosstune.samplers.gaussian_process.model import Model
from crosstune.samplers.gaussian_process.search import Search
from crosstune.samplers.gaussian_process.targets import COMPLETE, FAILED, PRUNED, targets
from crosstune.testing.space import CONDITIONAL, KINDS

EVERY = Space({**KINDS, **{f"c {name}": CONDITIONAL[name] for name in ["free"]}})
SPACES = {
    "every kind": EVERY,
    "conditional": CONDITIONAL,
    "small": Space(
        {
            "flag": Bool(),
            "x": Float(0.0, 1.0, when={"flag": True}),
            "n": Int(1, 5, when={"flag": False}),
            "k": Choice(["a", "b", "c"], when={"flag": True}),
            "s": LogNormal(0.0, 1.0, when={"flag": True}),
        }
    ),
}


@pytest.mark.parametrize("name", SPACES)
def test_a_point_comes_back_from_its_row(name: str) -> None:
    space, rng = SPACES[name], np.random.default_rng(0)
    encoding = Encoding(space)
    for _ in range(100):
        params = space.sample(rng)
        row = encoding.encode(params, rng)
        back = encoding.decode(row)
        assert list(back) == list(params)
        for key, value in params.items():
            if isinstance(value, float):
                assert back[key] == pytest.approx(value, rel=1e-6, abs=1e-12)
            else:
                assert (type(back[key]), back[key]) == (type(value), value)


@pytest.mark.parametrize("name", SPACES)
def test_rows_are_active_where_the_space_says_so(name: str) -> None:
    encoding = Encoding(SPACES[name])
    rows = encoding.draw(np.random.default_rng(0), 200)
    for row, active in zip(rows, encoding.active(rows), strict=True):
        params = encoding.decode(row)
        assert [key in params for key in encoding.column] == active.tolist()


@pytest.mark.slow
def test_drawn_rows_have_the_odds_of_the_prior() -> None:
    from crosstune.testing.space import agreement

    encoding = Encoding(EVERY)
    points = [encoding.decode(row) for row in encoding.draw(np.random.default_rng(1), 1500)]
    for name, item in EVERY.items():
        assert agreement([point[name] for point in points], item) > 1e-4, name


def test_the_key_of_a_point_does_not_see_what_is_inactive() -> None:
    encoding = Encoding(SPACES["small"])
    rows = encoding.draw(np.random.default_rng(0), 2)
    rows[:, encoding.column["flag"]] = 0
    rows[:, encoding.column["n"]] = 2
    assert encoding.keys(rows)[0] == encoding.keys(rows)[1]
    rows[1, encoding.column["n"]] = 3
    assert encoding.keys(rows)[0] != encoding.keys(rows)[1]


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(sorted(SPACES)),
    seed=st.integers(0, 10**6),
    spread=st.floats(0.1, 3.0),
    n=st.integers(2, 25),
)
def test_the_kernel_is_positive_semi_definite(name: str, seed: int, spread: float, n: int) -> None:
    encoding, rng = Encoding(SPACES[name]), np.random.default_rng(seed)
    points = encoding.points(encoding.draw(rng, n))
    weights = np.exp(spread * rng.standard_normal(encoding.d))
    covariance = matern(squared_distances(encoding, points, points, weights))
    assert np.allclose(covariance, covariance.T)
    assert np.linalg.eigvalsh(covariance).min() > -1e-8 * n


def test_the_distances_are_the_weighted_sum_of_their_parts() -> None:
    for space in SPACES.values():
        encoding, rng = Encoding(space), np.random.default_rng(0)
        points = encoding.points(encoding.draw(rng, 20))
        weights = rng.uniform(0.1, 5.0, encoding.d)
        summed = np.tensordot(weights, parts(encoding, points), 1)
        assert np.allclose(squared_distances(encoding, points, points, weights), summed)


def test_all_active_places_of_a_conditional_parameter_are_as_far_from_its_absence() -> None:
    space = Space({"flag": Bool(), "x": Float(0.0, 1.0, when={"flag": True})})
    encoding = Encoding(space)
    rows = np.array([[0, 0.3], [0, 0.9], [1, 0.0], [1, 0.4], [1, 1.0]])
    by_x = parts(encoding, encoding.points(rows))[encoding.column["x"]]
    assert by_x[0, 1] == 0
    assert np.allclose(by_x[0, 2:], 1.0)
    assert by_x[2, 3] == pytest.approx(2 - 2 * math.cos(0.4))


@pytest.mark.parametrize("name", ["conditional", "small"])
def test_the_kernel_does_not_see_what_is_inactive(name: str) -> None:
    encoding, rng = Encoding(SPACES[name]), np.random.default_rng(0)
    rows = encoding.draw(rng, 300)
    other = np.where(encoding.active(rows), rows, encoding.draw(rng, 300))
    assert not np.array_equal(rows, other)
    for held, same in zip(rows, other, strict=True):
        pair = encoding.points(np.array([held, same]))
        assert parts(encoding, pair).max() < 1e-12


def test_the_matern_kernel_has_its_known_values() -> None:
    r = np.array([0.0, 0.5, 2.0])
    root5 = math.sqrt(5)
    wanted = (1 + root5 * r + 5 * r**2 / 3) * np.exp(-root5 * r)
    assert np.allclose(matern(r**2), wanted)
    step = 1e-6
    assert np.allclose(
        slope(r[1:] ** 2), (matern(r[1:] ** 2 + step) - matern(r[1:] ** 2 - step)) / (2 * step)
    )


@pytest.mark.parametrize("name", SPACES)
def test_the_gradient_of_the_fit_is_that_of_finite_differences(name: str) -> None:
    encoding, rng = Encoding(SPACES[name]), np.random.default_rng(2)
    squares = parts(encoding, encoding.points(encoding.draw(rng, 15)))
    posterior = Posterior(squares, rng.standard_normal(15), rng.uniform(0, 0.3, 15))
    for _ in range(3):
        theta = rng.standard_normal(encoding.d + 2)
        error = check_grad(
            lambda t: posterior(t)[0], lambda t: posterior(t)[1], theta, epsilon=1e-6
        )
        assert error < 1e-3 * max(1.0, float(np.linalg.norm(posterior(theta)[1])))


def test_the_fit_finds_which_parameter_matters() -> None:
    encoding = Encoding(Space({"x": Float(0.0, 1.0), "y": Float(0.0, 1.0)}))
    rows = encoding.draw(np.random.default_rng(0), 40)
    values = np.sin(8 * rows[:, 0])
    squares = parts(encoding, encoding.points(rows))
    posterior = Posterior(squares, (values - values.mean()) / values.std(), np.zeros(40))
    held = posterior.hyperparameters(fit(posterior, None, 50))
    assert held.lengths[1] > 2 * held.lengths[0]
    assert held.noise < 1e-2


@pytest.mark.parametrize("z", [-40.0, -5.0, -1.0, -0.5, 0.0, 2.0, 8.0])
def test_log_expected_improvement_is_the_integral(z: float) -> None:
    mean, deviation = -z * 0.7, 0.7  # best is 0
    scale = stats.norm.logpdf(z)

    def improvement(t: float) -> float:  # f = mean - deviation (z + t), improvement above 0
        return math.exp(stats.norm.logpdf(t - z) - scale) * deviation * t

    if z > -1:
        wanted = math.log(
            integrate.quad(lambda f: -f * stats.norm.pdf(f, mean, deviation), -15, 0)[0]
        )
    else:
        wanted = scale + math.log(integrate.quad(improvement, 0, 20 / max(1, -z) + 5)[0])
    found = log_expected_improvement(np.array([mean]), np.array([deviation]), 0.0)[0]
    assert found == pytest.approx(wanted, rel=1e-6, abs=1e-6)


def test_log_h_falls_steadily_far_out() -> None:
    z = -np.geomspace(0.1, 1e5, 2000)
    assert np.all(np.diff(log_h(z)) < 0)
    assert np.isfinite(log_h(np.array([-1e300]))).all()


@pytest.mark.parametrize("z", [-30.0, -2.0, 0.0, 3.0])
def test_the_slopes_of_log_expected_improvement(z: float) -> None:
    deviation, best, step = 0.3, 1.0, 1e-6
    mean = best - z * deviation

    def at(m: float, s: float) -> float:
        return float(log_expected_improvement(np.array([m]), np.array([s]), best)[0])

    by_mean, by_deviation = slopes(mean, deviation, best)
    wanted = (at(mean + step, deviation) - at(mean - step, deviation)) / (2 * step)
    assert by_mean == pytest.approx(wanted, rel=1e-4)
    wanted = (at(mean, deviation + step) - at(mean, deviation - step)) / (2 * step)
    assert by_deviation == pytest.approx(wanted, rel=1e-4)


def model(pending: int = 0) -> tuple[Encoding, Model, np.ndarray, np.ndarray]:
    encoding, rng = Encoding(SPACES["small"]), np.random.default_rng(0)
    rows = encoding.draw(rng, 20 + pending)
    rows[20:, encoding.column["flag"]] = 1  # the branch of many places
    values = np.random.default_rng(1).standard_normal(20)
    held = Hyperparameters(np.full(encoding.d, 0.7), 1.2, 1e-4)
    made = Model(encoding, encoding.points(rows), values, np.zeros(20), held)
    return encoding, made, rows, values


def test_the_model_passes_through_its_data() -> None:
    encoding, made, rows, _ = model()
    distinct = np.unique(encoding.keys(rows), return_index=True)[1]
    assert len(distinct) > 10
    _, deviation = made.predict(encoding.points(rows))
    assert deviation.max() < 0.05


def test_a_pending_point_changes_the_deviation_and_not_the_mean() -> None:
    encoding, alone, rows, _ = model()
    _, waiting, more, _ = model(pending=1)
    assert np.array_equal(rows, more[:20])
    probe = encoding.points(encoding.draw(np.random.default_rng(5), 50))
    assert np.allclose(alone.predict(probe)[0], waiting.predict(probe)[0], atol=1e-8)
    here = encoding.points(more[20:])
    assert waiting.predict(here)[1][0] < 0.05 < alone.predict(here)[1][0]


def test_the_slopes_of_the_model_are_those_of_finite_differences() -> None:
    space = Space({"x": Float(0.0, 1.0), "y": Float(0.0, 1.0)})
    encoding, rng = Encoding(space), np.random.default_rng(0)
    held = Hyperparameters(np.array([0.4, 0.8]), 1.0, 1e-3)
    points = encoding.points(encoding.draw(rng, 12))
    made = Model(encoding, points, rng.standard_normal(12), np.zeros(12), held)
    at = np.array([[0.3, 0.6]])
    _, _, by_mean, by_deviation = made.slopes(encoding.points(at), np.ones(2))
    for i in range(2):
        step = np.zeros((1, 2))
        step[0, i] = 1e-6
        up, down = (
            made.predict(encoding.points(at + step)),
            made.predict(encoding.points(at - step)),
        )
        assert by_mean[i] == pytest.approx((up[0][0] - down[0][0]) / 2e-6, rel=1e-3)
        assert by_deviation[i] == pytest.approx((up[1][0] - down[1][0]) / 2e-6, rel=1e-3)


def test_the_slope_of_the_search_is_that_of_finite_differences() -> None:
    encoding, made, _, _ = model()
    search = Search(encoding, made, lambda rows: np.ones(len(rows), bool), np.random.default_rng(0))
    rows = encoding.draw(np.random.default_rng(3), 12)
    rows[:, encoding.column["flag"]] = 1  # x and s are active and on arcs
    for row in rows:
        value, gradient = search.slope(row)
        assert value == pytest.approx(search.score(row[None])[0])
        for name in ("x", "s"):
            step = np.zeros_like(row)
            step[encoding.column[name]] = 1e-5
            up, down = (search.score((row + sign * step)[None])[0] for sign in (1, -1))
            assert gradient[encoding.column[name]] == pytest.approx(
                (up - down) / 2e-5, rel=1e-2, abs=1e-3
            )


def test_targets_keep_the_order_and_draw_out_the_best() -> None:
    values = np.array([5.0, 1.0, 2.0, 100.0, 1.1])
    held = targets(values, np.zeros(5, np.int8), 0.05).values
    assert np.array_equal(np.argsort(held), np.argsort(values))
    assert held.mean() == pytest.approx(0, abs=1e-9)
    assert held.std() == pytest.approx(1)
    assert held[4] - held[1] > (held[3] - held[0]) / 10


def test_a_pruned_trial_is_no_better_than_the_median_and_a_failed_one_is_the_worst() -> None:
    values = np.array([1.0, 2.0, 3.0, -50.0, 2.5, 1e9, math.nan])
    states = np.array([COMPLETE] * 3 + [PRUNED] * 3 + [FAILED], np.int8)
    held = targets(values, states)
    assert held.values[3] == held.values[1]
    assert held.values[1] < held.values[4] < held.values[2]
    assert held.values[5] == held.values[2] == held.values[6]
    assert held.extra.tolist() == [0.0, 0.0, 0.0, 0.1, 0.1, 0.1, 0.3]


def test_the_stretch_is_the_derivative_of_the_targets() -> None:
    values = np.array([0.0, 1.0, 4.0, 9.0])
    states = np.zeros(4, np.int8)
    held = targets(values, states, 0.5)
    middle = 2.5
    wanted = np.log(1 / (values / middle + 0.5)) - np.log(np.log(values / middle + 0.5).std())
    assert np.allclose(held.stretch, wanted)
