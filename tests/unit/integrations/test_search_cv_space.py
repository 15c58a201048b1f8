"""Distributions of scipy and lists of values, as a space."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from crosstune import Float, Int, LogNormal, Normal
from crosstune.errors import SpecError
from crosstune.integrations.search_cv.translation import translate

N = 1000


def draw(given: Any, seed: int = 0) -> list[dict[str, Any]]:
    translation = translate(given)
    rng = np.random.default_rng(seed)
    return [translation.decode(translation.space.sample(rng)) for _ in range(N)]


loc = st.floats(-50, 50)
scale = st.floats(0.01, 50)
shape = st.floats(0.5, 5)
continuous = st.one_of(
    st.builds(stats.uniform, loc, scale),
    st.builds(stats.uniform, loc=loc),
    st.builds(lambda a, r: stats.loguniform(a, a * r), scale, st.floats(1.5, 1e4)),
    st.builds(lambda a, r, s: stats.reciprocal(a, a * r, scale=s), scale, st.floats(2, 9), scale),
    st.builds(lambda a, r, m: stats.loguniform(a, a * r, loc=m), scale, st.floats(2, 9), loc),
    st.builds(stats.norm, loc, scale),
    st.builds(
        lambda a, w, m, s: stats.truncnorm(a, a + w, m, s), st.floats(-3, 3), shape, loc, scale
    ),
    st.builds(lambda s, m: stats.truncnorm(-1, np.inf, m, s), scale, loc),
    st.builds(lambda s, k: stats.lognorm(s, scale=k), st.floats(0.1, 2), scale),
    st.builds(lambda s, m: stats.lognorm(s, loc=m), st.floats(0.1, 2), loc),
    st.builds(stats.expon, loc, scale),
    st.builds(stats.gamma, shape, loc, scale),
    st.builds(stats.beta, shape, shape),
    st.builds(stats.cauchy, loc, scale),
)
discrete = st.one_of(
    st.builds(lambda a, n: stats.randint(a, a + n), st.integers(-20, 20), st.integers(1, 40)),
    st.builds(lambda a, m: stats.randint(a, a + 7, loc=m), st.integers(-9, 9), st.integers(-9, 9)),
    st.builds(stats.poisson, st.floats(0.5, 20)),
    st.builds(stats.binom, st.integers(1, 30), st.floats(0.1, 0.9)),
    st.builds(stats.geom, st.floats(0.1, 0.9)),
)


@settings(max_examples=15, deadline=None, derandomize=True)
@given(continuous)
def test_a_continuous_distribution_keeps_its_law(frozen: Any) -> None:
    drawn = [point["x"] for point in draw({"x": frozen})]
    assert stats.kstest(drawn, frozen.cdf).pvalue > 1e-5


@settings(max_examples=10, deadline=None, derandomize=True)
@given(discrete)
def test_a_discrete_distribution_keeps_its_law(frozen: Any) -> None:
    drawn = np.array([point["x"] for point in draw({"x": frozen})])
    assert all(isinstance(point["x"], int) for point in draw({"x": frozen})[:5])
    values = np.unique(drawn)
    below = np.array([np.mean(drawn <= value) for value in values])
    assert np.max(np.abs(below - frozen.cdf(values))) < 2.5 / np.sqrt(N)
    assert values[0] >= frozen.support()[0]
    assert values[-1] <= frozen.support()[1]


@pytest.mark.parametrize(
    ("frozen", "expected"),
    [
        (stats.uniform(1, 2), Float(1, 3)),
        (stats.loguniform(1e-3, 10), Float(1e-3, 10, log=True)),
        (stats.randint(2, 10), Int(2, 9)),
        (stats.norm(1, 2), Normal(1, 2)),
        (stats.truncnorm(-1, 2, loc=1, scale=3), Normal(1, 3, low=-2, high=7)),
        (stats.lognorm(2, scale=1), LogNormal(0, 2)),
    ],
)
def test_what_a_space_can_say_is_said_in_its_own_types(frozen: Any, expected: Any) -> None:
    assert translate({"x": frozen}).space["x"] == expected


def test_any_other_is_searched_by_its_quantile() -> None:
    translation = translate({"x": stats.expon(scale=3)})
    assert list(translation.space) == ["x (quantile)"]
    decoded = translation.decode({"x (quantile)": 0.5})
    assert decoded["x"] == pytest.approx(3 * np.log(2))


def test_the_value_behind_a_quantile_is_told_in_every_branch() -> None:
    translation = translate([{"x": stats.expon()}, {"x": stats.expon(scale=2)}])
    point = {"branch": 1, "x (quantile) [1]": 0.5}
    assert translation.derived(point) == {"x": pytest.approx(2 * np.log(2))}


def test_a_value_given_twice_has_twice_the_odds() -> None:
    translation = translate({"x": [1, 1, 2, None]})
    assert translation.space["x"].to_dict()["weights"] == [0.5, 0.25, 0.25]
    assert translation.points == 3


def test_branches_have_even_odds_and_their_own_values() -> None:
    points = draw([{"a": [1, 2], "b": [0]}, {"a": stats.uniform(5, 1)}])
    first = [point for point in points if "b" in point]
    assert abs(len(first) / N - 0.5) < 0.06
    assert {point["a"] for point in first} == {1, 2}
    assert all(5 <= point["a"] <= 6 for point in points if "b" not in point)


def test_objects_are_named_without_their_address() -> None:
    class Kernel:
        pass

    names = translate({"x": [Kernel(), Kernel(), np.tanh, float("nan")]}).space["x"].values  # type: ignore[attr-defined]
    assert not any("0x" in name for name in names)
    assert len(set(names)) == 4


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"x": type("Draws", (), {"rvs": lambda self: 1})()}, "no quantile function"),
        ({"x": stats.gamma}, "needs arguments"),
        ({"x": stats.norm([0, 1], 1)}, "one number"),
        ({"x": stats.uniform(0, -1)}, "has no values"),
        ({"x": np.zeros((2, 2))}, "2 dimensions"),
        ({1: [1]}, "name is a string"),
        ([], "a mapping of names"),
        ([[1]], "a mapping of names"),
    ],
)
def test_what_cannot_be_searched_is_refused(given: Any, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        translate(given)
