"""Optuna's own sampler contract, on every class in samplers/."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from optuna.samplers import BaseSampler
from optuna.testing import pytest_samplers

from crosstune.samplers import (
    GaussianProcessSampler,
    GridSampler,
    HyperoptSampler,
    KerasTunerSampler,
)
from tests.support.slow import slow_but

SAMPLERS: dict[str, Callable[[], BaseSampler]] = {
    "HyperoptSampler tpe": lambda: HyperoptSampler("tpe"),
    "HyperoptSampler rand": lambda: HyperoptSampler("rand"),
    "HyperoptSampler anneal": lambda: HyperoptSampler("anneal"),
    "HyperoptSampler mix": lambda: HyperoptSampler("mix"),
    "KerasTunerSampler bayesian": lambda: KerasTunerSampler("bayesian"),
    "KerasTunerSampler random": lambda: KerasTunerSampler("random"),
    "KerasTunerSampler grid": lambda: KerasTunerSampler("grid"),
    "GridSampler": lambda: GridSampler(),
    "GaussianProcessSampler": lambda: GaussianProcessSampler(),
}
BY_DEFAULT = [
    "HyperoptSampler tpe",
    "KerasTunerSampler random",
    "GridSampler",
    "GaussianProcessSampler",
]


class Every:
    @pytest.fixture(params=slow_but(SAMPLERS, BY_DEFAULT))
    def sampler(self, request: pytest.FixtureRequest) -> Callable[[], BaseSampler]:
        return SAMPLERS[request.param]


class TestBasic(Every, pytest_samplers.BasicSamplerTestCase): ...


class TestRelative(Every, pytest_samplers.RelativeSamplerTestCase): ...


class TestMultiObjective(Every, pytest_samplers.MultiObjectiveSamplerTestCase): ...
