from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosstune.errors import SpecError
from crosstune.space.grid import MAX_POINTS, Grid
from tests.support import strategies


def test_a_step_of_a_tenth_gives_the_decimals_that_were_written() -> None:
    assert [Grid(0, 1, 0.1).value(i) for i in range(11)] == [
        0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0
    ]  # fmt: skip


def decimal_grid(steps: tuple[int, int, int, int]) -> Grid:
    low, step, n, scale = steps
    return Grid(low / scale, (low + n * step) / scale, step / scale)


@given(strategies.decimal_steps(), st.data())
def test_every_point_is_the_float_nearest_to_the_exact_fraction(
    steps: tuple[int, int, int, int], data: st.DataObject
) -> None:
    low, step, n, scale = steps
    index = data.draw(st.integers(0, n))
    assert decimal_grid(steps).value(index) == float(Fraction(low + index * step, scale))


@given(strategies.decimal_steps())
def test_a_grid_has_one_point_more_than_steps(steps: tuple[int, int, int, int]) -> None:
    assert decimal_grid(steps).n == steps[2] + 1


@given(strategies.decimal_steps(), st.data())
def test_index_undoes_value(steps: tuple[int, int, int, int], data: st.DataObject) -> None:
    grid = decimal_grid(steps)
    index = data.draw(st.integers(0, grid.n - 1))
    assert grid.index(grid.value(index)) == index


@given(st.integers(1, 9), st.integers(2, 10), st.integers(0, 12))
def test_a_grid_of_factors_is_exact(low: int, factor: int, n: int) -> None:
    grid = Grid(low, low * factor**n, factor, log=True)
    assert [grid.value(i) for i in range(grid.n)] == [low * factor**i for i in range(n + 1)]


@given(st.integers(1, 9), st.integers(2, 10), st.integers(0, 12))
def test_index_undoes_value_on_a_log_scale(low: int, factor: int, n: int) -> None:
    grid = Grid(low, low * factor**n, factor, log=True)
    assert [grid.index(grid.value(i)) for i in range(grid.n)] == list(range(n + 1))


def test_a_decimal_factor_gives_decimals() -> None:
    grid = Grid(1e-3, 10, 10, log=True)
    assert [grid.value(i) for i in range(grid.n)] == [0.001, 0.01, 0.1, 1.0, 10.0]


@pytest.mark.parametrize("value", [0.05, 0.149, -0.1, 1.1, 5.0])
def test_a_number_between_the_points_has_no_index(value: float) -> None:
    assert Grid(0, 1, 0.1).index(value) is None


@pytest.mark.parametrize("value", [0.0, -1.0, 3.0, 32.0])
def test_a_number_off_a_log_grid_has_no_index(value: float) -> None:
    assert Grid(1, 16, 2, log=True).index(value) is None


def test_a_number_within_rounding_of_a_point_is_that_point() -> None:
    assert Grid(0, 1, 0.1).index(0.1 + 0.2) == 3


@pytest.mark.parametrize(
    ("low", "high", "step", "near"),
    [(0, 1, 0.3, "0.9 or 1.2, not 1"), (0, 1, 2, "0 or 2, not 1"), (0.1, 1, 0.5, "0.6 or 1.1")],
)
def test_a_step_that_misses_the_upper_bound_is_refused_with_its_neighbours(
    low: float, high: float, step: float, near: str
) -> None:
    with pytest.raises(SpecError, match="does not reach the upper bound") as refused:
        Grid(low, high, step)
    assert near in str(refused.value)


def test_a_factor_that_misses_the_upper_bound_is_refused() -> None:
    with pytest.raises(SpecError, match="1 times steps of 2 gives 8 or 16, not 10"):
        Grid(1, 10, 2, log=True)


def test_the_fault_of_a_step_stands_at_the_step() -> None:
    with pytest.raises(SpecError) as refused:
        Grid(0, 1, 0.3)
    assert refused.value.path == ("step",)


def test_a_grid_may_be_as_long_as_points_can_be_told_apart() -> None:
    assert Grid(0, MAX_POINTS - 1, 1).n == MAX_POINTS


def test_a_longer_grid_is_refused() -> None:
    with pytest.raises(SpecError, match=f"at most {MAX_POINTS}"):
        Grid(0, MAX_POINTS, 1)
