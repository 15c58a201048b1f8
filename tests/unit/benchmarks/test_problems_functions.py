"""The functions are COCO's, and their optimum is where it is said to be."""

from __future__ import annotations

from typing import Any

import cocoex
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize

from crosstune import Float, Int
from crosstune.benchmarks.problems import get, names
from crosstune.benchmarks.problems.functions import Function, function
from crosstune.errors import UnknownName
from tests.support.slow import slow_but

GROUPS = [range(1, 6), range(6, 10), range(10, 15), range(15, 20), range(20, 25)]


def parts(name: str) -> Function:
    objective = get(name).objective
    assert isinstance(objective, Function)
    return objective


def optimal_point(name: str) -> NDArray[np.float64]:
    """Where the optimum is, shape (dimension,), in the units of the space.

    That of bbob as the library tells it. In bbob-mixint n integers stand for n values that part
    [-4, 4] evenly, its ends left out, shifted so that the nearest one meets the optimum
    (Tusar, Brockhoff and Hansen 2019, section 2).
    """
    objective = parts(name)
    bare = cocoex.BareProblem("bbob", objective.number, objective.dimension, objective.instance)
    best = np.array(bare.best_parameter())
    for i, item in enumerate(get(name).space.values()):
        if isinstance(item, Int):
            n = item.high + 1
            low = -4 + 8 / (n + 1)
            best[i] = np.clip(np.round((best[i] - low) / (-2 * low) * (n - 1)), 0, n - 1)
    return best


def value(name: str, x: NDArray[np.float64]) -> float:
    space = get(name).space
    params: dict[str, Any] = {
        key: int(v) if isinstance(item, Int) else float(v)
        for (key, item), v in zip(space.items(), x, strict=True)
    }
    return parts(name)(params)


def test_each_group_of_bbob_is_there_twice_and_all_dimensions_up_to_ten() -> None:
    continuous = [parts(name) for name in names("functions") if "bbob" in name]
    for group in GROUPS:
        assert sum(each.number in group for each in continuous) >= 2
    assert {each.dimension for each in continuous} == {2, 3, 5, 10}
    assert len(continuous) == 12
    mixed = [parts(name) for name in names("functions") if "mixint" in name]
    assert len(mixed) == 6
    assert all(any(each.number in group for each in mixed) for group in GROUPS)


@pytest.mark.parametrize("name", names("functions"))
def test_the_optimum_is_reached_inside_the_space(name: str) -> None:
    problem = get(name)
    best = optimal_point(name)
    assert all(item.contains(v) for item, v in zip(problem.space.values(), best, strict=True))
    assert value(name, best) == pytest.approx(problem.optimum, abs=1e-9)
    assert not problem.maximize


@pytest.mark.parametrize("name", slow_but(names("functions"), names("functions")[::5]))
def test_a_long_local_search_from_the_optimum_finds_nothing_better(name: str) -> None:
    problem = get(name)
    assert problem.optimum is not None
    start = optimal_point(name)
    rng = np.random.default_rng(1)
    items = list(problem.space.values())
    lows = np.array([item.low for item in items if isinstance(item, Int | Float)])
    highs = np.array([item.high for item in items if isinstance(item, Int | Float)])
    whole = np.array([isinstance(item, Int) for item in items])

    def inside(x: NDArray[np.float64]) -> NDArray[np.float64]:
        clipped = np.clip(x, lows, highs)
        return np.where(whole, np.round(clipped), clipped)

    for scale in (1e-6, 1e-3, 0.1, 1.0, 10.0):
        found = [
            value(name, inside(start + scale * rng.standard_normal(len(items)))) for _ in range(60)
        ]
        assert min(found) >= problem.optimum - 1e-9
    begin = inside(start + 0.1 * rng.standard_normal(len(items)))
    walked = minimize(
        lambda x: value(name, inside(x)), begin, method="Nelder-Mead", options={"maxfev": 600}
    )
    assert walked.fun >= problem.optimum - 1e-9


@pytest.mark.parametrize("name", names("functions"))
def test_a_value_is_what_the_suite_of_the_library_returns(name: str) -> None:
    objective = parts(name)
    suite = cocoex.Suite("bbob-mixint" if "mixint" in name else "bbob", "instances:1", "")
    held = suite.get_problem_by_function_dimension_instance(
        objective.number, objective.dimension, 1
    )
    integers = held.number_of_integer_variables
    space = get(name).space
    assert len(space) == held.dimension
    for i, item in enumerate(space.values()):
        assert isinstance(item, Int if i < integers else Float)
        assert (item.low, item.high) == (held.lower_bounds[i], held.upper_bounds[i])
    rng = np.random.default_rng(2)
    for _ in range(20):
        params = space.sample(rng)
        assert objective(params) == held(list(params.values())) == objective(params)


def test_another_instance_has_a_name_and_an_optimum_of_its_own() -> None:
    other = function("mixint", 10, 5, instance=2)
    assert other.name == other.spec.name == "functions/mixint-f10-d5-i2"
    assert other.optimum != get("functions/mixint-f10-d5").optimum
    assert function("bbob", 10, 5).optimum == get("functions/bbob-f10-d5").optimum


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (("bob", 1, 5, 1), "Did you mean 'bbob'"),
        (("bbob", 25, 5, 1), "no function 25. Known: 1, 2"),
        (("bbob", 0, 5, 1), "no function 0"),
        (("bbob", 1, 4, 1), "no dimension 4. Known: 2, 3, 5, 10, 20, 40"),
        (("mixint", 1, 2, 1), "no dimension 2. Known: 5, 10, 20, 40"),
        (("mixint", 1, 5, 16), "no instance 16"),
    ],
)
def test_a_function_that_the_suites_do_not_have_is_refused(given: Any, told: str) -> None:
    with pytest.raises(UnknownName, match=told):
        function(*given)
