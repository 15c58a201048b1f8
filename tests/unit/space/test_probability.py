"""The laws that verdicts are made of: against draws, closed forms and each other."""

from __future__ import annotations

import math
import time
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from crosstune import Choice, Float, Int, LogNormal, Normal, Space
from crosstune.space.coordinates import Index
from crosstune.space.law_distance import distance, total_variation
from crosstune.space.parameters import Parameter
from crosstune.space.prior import coordinate_law, law
from crosstune.space.probability import (
    ContinuousLaw,
    Discrete,
    Lattice,
    Law,
    rounded,
)
from crosstune.testing.space import KINDS, chi_square

DRAWS = 3000
LONG = {
    "int": Int(-5, 10**12),
    "int log": Int(1, 2**53, log=True),
    "float step": Float(0.0, 1.0, step=1e-6),
    "normal step": Normal(0.0, 1.0, step=1e-5),
}


def p_value(drawn: list[object], held: Law) -> float:
    """The p-value that values were drawn from a law."""
    if isinstance(held, ContinuousLaw):
        return float(stats.kstest(np.array(drawn, float), held.cdf).pvalue)
    assert isinstance(held, Discrete)
    expected = {(type(v), v): 10**9 * mass for v, mass in held.items()}
    return chi_square(Counter((type(v), v) for v in drawn), Counter(expected))


@pytest.mark.parametrize("kind", KINDS)
def test_the_reference_prior_draws_what_the_law_says(kind: str) -> None:
    rng = np.random.default_rng(0)
    space = Space({"x": KINDS[kind]})
    assert p_value([space.sample(rng)["x"] for _ in range(DRAWS)], law(KINDS[kind])) > 1e-3


@pytest.mark.parametrize("kind", KINDS)
def test_a_law_of_masses_sums_to_one(kind: str) -> None:
    held = law(KINDS[kind])
    if isinstance(held, Discrete):
        assert math.fsum(mass for _, mass in held.items()) == pytest.approx(1, abs=1e-12)
    else:
        assert isinstance(held, ContinuousLaw)
        assert held.cdf(np.array([held.low, held.high])).tolist() == pytest.approx([0, 1])


@pytest.mark.parametrize("item", [*KINDS.values(), *LONG.values()], ids=repr)
def test_decoding_the_coordinate_gives_the_prior(item: Parameter) -> None:
    assert item.coordinate is not None
    assert distance(coordinate_law(item.coordinate), item, item.decode) < 1e-9


def test_a_wrong_decode_is_seen() -> None:
    item = Choice(["a", "b", "c"], weights=[0.2, 0.3, 0.5])
    swapped = {"a": "b", "b": "a", "c": "c"}
    far = distance(ContinuousLaw(0.0, 1.0), item, lambda u: swapped[str(item.decode(u))])
    assert far > 0.05
    normal = Normal(0.0, 1.0)
    assert distance(ContinuousLaw(0.0, 1.0), normal, lambda u: 2 * normal.decode(u)) > 0.1
    stepped = Int(0, 3)
    assert distance(coordinate_law(Index(4)), stepped, lambda i: min(int(i) + 1, 3)) == 0.25


def test_int_log_has_the_closed_form() -> None:
    masses = dict(law(Int(1, 8, log=True)).items())  # type: ignore[union-attr]
    for k in range(1, 9):
        assert masses[k] == pytest.approx(math.log((k + 0.5) / (k - 0.5)) / math.log(17), rel=1e-12)


def test_a_cut_normal_has_the_closed_form() -> None:
    held = law(Normal(0.0, 1.0, low=0.5, high=2.0))
    reference = stats.truncnorm(0.5, 2.0)
    x = np.linspace(0.5, 2.0, 11)
    assert isinstance(held, ContinuousLaw)
    assert held.cdf(x) == pytest.approx(reference.cdf(x), abs=1e-12)
    assert held.quantile(reference.cdf(x)) == pytest.approx(x, abs=1e-9)


def test_a_cut_in_the_far_tail_keeps_its_digits() -> None:
    held = law(Normal(0.0, 1.0, low=8.0, high=9.0))
    assert isinstance(held, ContinuousLaw)
    assert held.cdf(8.1) == pytest.approx(stats.truncnorm(8.0, 9.0).cdf(8.1), rel=1e-6)
    assert 8.0 < held.quantile(0.5) < 8.2


def test_a_stepped_lognormal_starts_at_its_lowest_point() -> None:
    values = [v for v, _ in law(LogNormal(0.0, 1.0, step=0.5, high=5.0)).items()]  # type: ignore[union-attr]
    assert values == pytest.approx(np.arange(0.5, 5.01, 0.5))


def test_distances_between_uniforms_have_the_closed_form() -> None:
    assert total_variation(ContinuousLaw(0, 1), ContinuousLaw(0, 2)) == pytest.approx(0.5)
    assert total_variation(ContinuousLaw(0, 1), ContinuousLaw(2, 3)) == pytest.approx(1)
    assert total_variation(law(Int(0, 9)), law(Int(0, 4))) == pytest.approx(0.5)


def test_the_distance_between_normals_has_the_closed_form() -> None:
    far = total_variation(law(Normal(0.0, 1.0)), law(Normal(1.0, 1.0)))
    assert far == pytest.approx(2 * stats.norm.cdf(0.5) - 1, abs=1e-5)


def test_the_distance_from_uniform_to_log_uniform_has_the_closed_form() -> None:
    far = total_variation(ContinuousLaw(1, math.e), ContinuousLaw(1, math.e, log=True))
    cross = math.e - 1
    assert far == pytest.approx(math.log(cross) - (cross - 1) / (math.e - 1), abs=1e-5)


def test_a_discrete_and_a_continuous_law_are_as_far_apart_as_can_be() -> None:
    assert total_variation(law(Float(0.0, 1.0)), law(Float(0.0, 1.0, step=0.1))) == 1


def test_types_tell_values_apart_and_the_last_digit_does_not() -> None:
    def point(value: object) -> Discrete:
        return Discrete([value], [1.0])

    assert total_variation(point(1), point(True)) == 1
    assert total_variation(point(1), point(1.0)) == 1
    assert total_variation(point(0), point(False)) == 1
    assert total_variation(point(0.1 + 0.2), point(0.3)) == 0
    summed = Discrete([-0.3 + k * 0.1 for k in range(7)], [1 / 7] * 7)
    assert total_variation(summed, law(Float(-0.3, 0.3, step=0.1))) < 1e-12


@pytest.mark.parametrize("kind", LONG)
def test_long_ranges_are_compared_within_two_seconds(kind: str) -> None:
    started = time.perf_counter()
    held = law(LONG[kind])
    assert isinstance(held, Lattice)
    assert total_variation(held, law(LONG[kind])) == 0
    assert total_variation(held, Lattice(0, 1, 0, 10**6, whole=True)) > 0.1
    assert time.perf_counter() - started < 2


def test_long_ranges_have_the_distance_of_short_ones() -> None:
    assert total_variation(law(Int(0, 10**12)), law(Int(0, 10**11 - 1))) == pytest.approx(
        0.9, abs=1e-4
    )
    assert total_variation(law(Int(0, 10**12)), law(Int(0, 9))) == pytest.approx(1, abs=1e-9)


laws = st.one_of(
    st.builds(lambda low, n: law(Int(low, low + n)), st.integers(-5, 5), st.integers(1, 9)),
    st.builds(lambda n: law(Int(1, n, log=True)), st.integers(2, 20)),
    st.builds(
        lambda low, width: rounded(ContinuousLaw(low, low + width), 0, 1, -20, 20, whole=True),
        st.floats(-5, 5),
        st.floats(0.5, 9),
    ),
)


@given(laws, laws, laws)
@settings(max_examples=100, deadline=None)
def test_the_distance_is_a_metric(a: Law, b: Law, c: Law) -> None:
    assert total_variation(a, a) < 1e-12
    assert total_variation(a, b) == pytest.approx(total_variation(b, a), abs=1e-12)
    assert total_variation(a, c) <= total_variation(a, b) + total_variation(b, c) + 1e-12
    assert 0 <= total_variation(a, b) <= 1
