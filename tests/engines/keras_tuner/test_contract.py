"""The contract, on keras_tuner."""

from __future__ import annotations

import pytest

from crosstune import adapters
from crosstune.engines.base import Adapter
from crosstune.testing import FailureContract, SearchContract, SpaceContract


@pytest.fixture(scope="module")
def adapter() -> Adapter:
    return adapters.get("keras_tuner")


class TestSpace(SpaceContract): ...


class TestSearch(SearchContract):
    trials_to_learn = 18  # it learns after 15 here, and takes a quarter of a second for each then


class TestFailure(FailureContract): ...
