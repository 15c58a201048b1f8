from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from crosstune import Bool, Choice, Constant, Float, Int, LogNormal, Normal
from crosstune.errors import SpecError
from crosstune.space.parameters import TAIL, Parameter, parameter
from tests.support import strategies

DRAWS = 20_000
SMALLEST_P = 1e-4


def draws(item: Parameter, n: int = DRAWS) -> list[Any]:
    rng = np.random.default_rng(20260101)
    return [item.sample(rng) for _ in range(n)]


def chi_square(item: Parameter, odds: dict[Any, float]) -> float:
    """The p-value of draws against the odds of each value."""
    assert math.isclose(sum(odds.values()), 1.0, rel_tol=1e-9)
    seen = Counter(draws(item))
    assert set(seen) <= set(odds)
    expected = [DRAWS * odds[value] for value in odds]
    return float(stats.chisquare([seen[value] for value in odds], expected).pvalue)


def even(values: list[Any]) -> dict[Any, float]:
    return {value: 1 / len(values) for value in values}


CONTINUOUS = {
    "float": (Float(-2.0, 3.0), stats.uniform(-2, 5)),
    "log float": (Float(1e-5, 1e-1, log=True), stats.loguniform(1e-5, 1e-1)),
    "normal": (Normal(1.0, 2.0), stats.norm(1, 2)),
    "cut normal": (Normal(1.0, 2.0, low=0.0, high=2.5), stats.truncnorm(-0.5, 0.75, 1, 2)),
    "normal cut far from its mean": (
        Normal(0.0, 1.0, low=5.0, high=7.0),
        stats.truncnorm(5, 7),
    ),
    "normal with one bound": (Normal(0.0, 1.0, low=0.5), stats.truncnorm(0.5, np.inf)),
    "lognormal": (LogNormal(-1.0, 0.5), stats.lognorm(0.5, scale=math.exp(-1))),
}


@pytest.mark.parametrize("kind", CONTINUOUS)
def test_draws_follow_the_closed_form(kind: str) -> None:
    item, law = CONTINUOUS[kind]
    assert stats.kstest(draws(item), law.cdf).pvalue > SMALLEST_P


def test_draws_follow_the_closed_form_of_a_normal_cut_nine_deviations_away() -> None:
    item = Normal(0.0, 1.0, low=9.0, high=11.0)
    assert stats.kstest(draws(item), stats.truncnorm(9, 11).cdf).pvalue > SMALLEST_P


def log_integers(low: int, high: int) -> dict[int, float]:
    whole = math.log((high + 0.5) / (low - 0.5))
    return {k: math.log((k + 0.5) / (k - 0.5)) / whole for k in range(low, high + 1)}


def rounded_normal(low: float, high: float, step: float) -> dict[float, float]:
    """A standard normal, cut half a step beyond the ends and rounded to the step."""
    n = round((high - low) / step) + 1
    points = [round(low + i * step, 9) for i in range(n)]
    cdf = stats.norm.cdf
    mass = [cdf(p + step / 2) - cdf(p - step / 2) for p in points]
    return dict(zip(points, np.array(mass) / sum(mass), strict=True))


DISCRETE: dict[str, tuple[Parameter, dict[Any, float]]] = {
    "stepped float": (Float(0.0, 0.5, step=0.1), even([0.0, 0.1, 0.2, 0.3, 0.4, 0.5])),
    "log float with step": (
        Float(1e-3, 10.0, log=True, step=10.0),
        even([0.001, 0.01, 0.1, 1.0, 10.0]),
    ),
    "int": (Int(-3, 3), even([-3, -2, -1, 0, 1, 2, 3])),
    "stepped int": (Int(16, 64, step=16), even([16, 32, 48, 64])),
    "log int": (Int(1, 20, log=True), log_integers(1, 20)),
    "log int with step": (Int(8, 64, log=True, step=2), even([8, 16, 32, 64])),
    "choice": (Choice(["a", 2, None, 0.5]), even(["a", 2, None, 0.5])),
    "weighted choice": (
        Choice(["a", "b", "c"], weights=[0.7, 0.1, 0.2]),
        {"a": 0.7, "b": 0.1, "c": 0.2},
    ),
    "bool": (Bool(), even([False, True])),
    "quantised normal": (
        Normal(0.0, 1.0, low=-2.0, high=2.0, step=0.5),
        rounded_normal(-2.0, 2.0, 0.5),
    ),
}


@pytest.mark.parametrize("kind", DISCRETE)
def test_draws_have_the_closed_form_s_frequencies(kind: str) -> None:
    item, odds = DISCRETE[kind]
    assert chi_square(item, odds) > SMALLEST_P


def test_the_comparison_catches_an_int_whose_ends_are_half_as_likely() -> None:
    class Rounded(Int):
        def sample(self, rng: np.random.Generator) -> int:
            return round(rng.uniform(self.low, self.high))

    assert chi_square(Rounded(0, 9), even(list(range(10)))) < SMALLEST_P


@given(strategies.parameters(), st.integers(0, 2**32))
def test_a_draw_is_in_the_range(item: Parameter, seed: int) -> None:
    assert item.contains(item.sample(np.random.default_rng(seed)))


@given(
    st.one_of(
        strategies.floats(), strategies.stepped_floats(), strategies.ints(),
        strategies.factored_ints(), strategies.choices(), st.just(Bool()),
        st.builds(Constant, strategies.SCALARS),
    ),
    st.integers(0, 2**32),
)  # fmt: skip
def test_decode_undoes_encode_exactly(item: Parameter, seed: int) -> None:
    value = item.sample(np.random.default_rng(seed))
    decoded = item.decode(item.encode(value))
    assert (type(decoded), decoded) == (type(value), value)


@given(strategies.normals(), st.integers(0, 2**32))
def test_decode_undoes_encode_of_a_normal_to_nine_digits(item: Normal, seed: int) -> None:
    value = item.sample(np.random.default_rng(seed))
    assert item.decode(item.encode(value)) == pytest.approx(value, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("kind", ["quantised normal"])
def test_decode_undoes_encode_on_the_grid_of_a_normal(kind: str) -> None:
    item, odds = DISCRETE[kind]
    assert [item.decode(item.encode(value)) for value in odds] == list(odds)


@given(strategies.parameters())
def test_a_parameter_survives_its_plain_form(item: Parameter) -> None:
    assert parameter(item.to_dict()) == item


@pytest.mark.parametrize("log", [False, True])
def test_a_float_keeps_both_endpoints(log: bool) -> None:
    item = Float(1e-5, 0.1, log=log)
    assert (item.decode(item.encode(1e-5)), item.decode(item.encode(0.1))) == (1e-5, 0.1)


def test_log_int_keeps_both_endpoints() -> None:
    seen = set(draws(Int(1, 5, log=True), 2000))
    assert {1, 5} <= seen


def test_an_unbounded_normal_is_cut_at_its_tails() -> None:
    assert Normal(0.0, 1.0).bounds == pytest.approx((stats.norm.ppf(TAIL), -stats.norm.ppf(TAIL)))


def test_a_value_of_weight_near_zero_still_belongs_to_the_choice() -> None:
    item = Choice(["a", "b"], weights=[1 - 1e-12, 1e-12])
    assert item.decode(item.encode("b")) == "b"


def test_one_true_and_one_point_zero_are_three_values() -> None:
    item = Choice([1, True, 1.0])
    assert [type(item.decode(i)) for i in range(3)] == [int, bool, float]


def test_an_equal_number_of_another_type_is_read_as_the_choice_s_own() -> None:
    item = Choice([1, 2])
    assert type(item.decode(item.encode(1.0))) is int


def test_a_numpy_number_is_a_number() -> None:
    assert Int(0, 5).encode(np.int64(3)) == 3


@pytest.mark.parametrize("value", [True, "1", None, math.nan, math.inf, 2.5, 7])
def test_an_int_holds_no_other_value(value: object) -> None:
    assert not Int(0, 5).contains(value)


@pytest.mark.parametrize("value", [True, "1", None, math.nan, math.inf, 5.1])
def test_a_float_holds_no_other_value(value: object) -> None:
    assert not Float(0, 5).contains(value)


@pytest.mark.parametrize("value", [1, 0, "true", None])
def test_a_bool_holds_truth_values_alone(value: object) -> None:
    assert not Bool().contains(value)


@pytest.mark.parametrize("item", [Float(2.0, 2.0), Int(3, 3), Choice(["a"]), Constant(None)])
def test_a_single_value_has_no_coordinate(item: Parameter) -> None:
    assert item.coordinate is None


def test_a_grid_takes_quantiles_of_a_continuous_range() -> None:
    assert Float(0.0, 1.0).grid_points(4) == [0.125, 0.375, 0.625, 0.875]


def test_a_grid_takes_every_point_of_a_finite_range() -> None:
    assert Int(5, 9).grid_points(2) == [0, 1, 2, 3, 4]


FAULTS: list[tuple[dict[str, Any], tuple[str, ...], str]] = [
    ({"type": "float", "low": 0, "high": math.inf}, ("high",), "finite number"),
    ({"type": "float", "low": -math.inf, "high": 1}, ("low",), "finite number"),
    ({"type": "float", "low": 0, "high": math.nan}, ("high",), "finite number"),
    ({"type": "float", "low": 10**400, "high": 1}, ("low",), "finite number"),
    ({"type": "float", "low": "0", "high": 1}, ("low",), "a number is needed"),
    ({"type": "float", "low": True, "high": 1}, ("low",), "a number is needed"),
    ({"type": "float", "low": 2, "high": 1}, ("high",), "below low"),
    ({"type": "float", "low": 0, "high": 1, "log": True}, ("low",), "above 0"),
    ({"type": "float", "low": 0, "high": 1, "log": 1}, ("log",), "true or false"),
    ({"type": "float", "low": 0, "high": 1, "step": 0}, ("step",), "above 0"),
    ({"type": "float", "low": 0, "high": 1, "step": 0.3}, ("step",), "does not reach"),
    ({"type": "float", "low": 1, "high": 8, "log": True, "step": 1}, ("step",), "factor above 1"),
    ({"type": "int", "low": 0.5, "high": 3}, ("low",), "integer is needed"),
    ({"type": "int", "low": 0, "high": 2**53 + 1}, ("high",), "beyond 2"),
    ({"type": "int", "low": 0, "high": 10, "step": 3}, ("step",), "9 or 12, not 10"),
    ({"type": "int", "low": 0, "high": 10, "step": 2.5}, ("step",), "integer is needed"),
    ({"type": "int", "low": 2, "high": 4.5, "log": True}, ("high",), "integer is needed"),
    ({"type": "int", "low": 1, "high": 3, "log": True, "step": 1.5}, ("step",), "reach"),
    ({"type": "choice", "values": []}, ("values",), "at least one"),
    ({"type": "choice", "values": "abc"}, ("values",), "a list of values"),
    ({"type": "choice", "values": ["a", "a"]}, ("values", 1), "there twice"),
    ({"type": "choice", "values": [[1]]}, ("values", 0), "no scalar"),
    ({"type": "choice", "values": [math.inf]}, ("values", 0), "finite number"),
    ({"type": "choice", "values": [1, 2], "weights": [1]}, ("weights",), "1 weights for 2"),
    ({"type": "choice", "values": [1, 2], "weights": [1, 0]}, ("weights",), "above 0"),
    ({"type": "choice", "values": [1, 2], "weights": [0.5, 0.6]}, ("weights",), "sum to 1.1"),
    ({"type": "normal", "mu": 0, "sigma": 0}, ("sigma",), "above 0"),
    ({"type": "normal", "mu": 0, "sigma": 1, "low": 2, "high": 1}, ("low",), "leaves nothing"),
    ({"type": "normal", "mu": 0, "sigma": 1, "low": 50, "high": 60}, ("low",), "no mass"),
    ({"type": "lognormal", "mu": 0, "sigma": 1, "low": 0}, ("low",), "above 0"),
    ({"type": "constant", "value": [1]}, ("value",), "no scalar"),
    ({"type": "bool", "when": 3}, ("when",), "a condition maps"),
    ({"type": "bool", "when": {"a": []}}, ("when", "a"), "no value"),
    ({"type": "flaot"}, ("type",), "Did you mean 'float'"),
    ({"low": 1}, (), "the type is missing"),
    ({"type": "float", "low": 1}, (), "'high' is missing"),
    ({"type": "float", "low": 0, "hihg": 1}, ("hihg",), "Did you mean 'high'"),
]


@pytest.mark.parametrize(("plain", "path", "words"), FAULTS, ids=lambda x: str(x)[:60])
def test_a_fault_is_named_and_placed(
    plain: dict[str, Any], path: tuple[str, ...], words: str
) -> None:
    with pytest.raises(SpecError) as refused:
        parameter(plain)
    assert (refused.value.path, words in str(refused.value)) == (path, True), str(refused.value)


def test_a_factor_with_a_fraction_may_keep_integers() -> None:
    assert [Int(4, 9, log=True, step=1.5).decode(i) for i in range(3)] == [4, 6, 9]


def test_ten_thousand_choices_are_encoded_in_a_moment() -> None:
    item = Choice([f"v{i}" for i in range(10_000)])
    assert [item.encode(f"v{i}") for i in range(10_000)] == list(range(10_000))


@pytest.mark.parametrize("value", [10**400, float("nan"), np.array([1, 2]), object(), [1], {}])
def test_strange_values_are_outside_every_range(value: object) -> None:
    for item in (Float(0, 1), Int(0, 9), Choice([1, 2]), Bool(), Normal(0, 1), Constant(1)):
        assert not item.contains(value)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Float(-1e308, 1e308),
        lambda: LogNormal(1000.0, 1000.0),
        lambda: LogNormal(-1000.0, 1.0),
        lambda: Normal(0.0, 1e308),
        lambda: Choice([1, 2], weights=[10**5000, 1]),
    ],
)
def test_ranges_beyond_a_double_are_refused(make: Callable[[], Parameter]) -> None:
    with pytest.raises(SpecError):
        make()


@pytest.mark.parametrize(
    ("item", "low", "high"),
    [
        (Normal(0.0, 1e-13, step=1e-14), -5.9e-13, 5.9e-13),
        (Normal(0.0, 1.0, step=0.1), -5.9, 5.9),
        (Normal(0.0, 1e-10, step=1e-10 / 10), -5.9e-10, 5.9e-10),
    ],
)
def test_the_ends_of_a_stepped_normal_are_on_its_steps(
    item: Normal, low: float, high: float
) -> None:
    assert item.bounds == pytest.approx((low, high))
    assert LogNormal(-30.0, 0.1, step=1e-15).contains(1e-13)
