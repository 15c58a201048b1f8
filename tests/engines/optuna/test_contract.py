"""The contract, on optuna."""

from __future__ import annotations

import pytest

from crosstune import adapters
from crosstune.engines.base import Adapter
from crosstune.testing import FailureContract, SearchContract, SpaceContract


@pytest.fixture(scope="module")
def adapter() -> Adapter:
    return adapters.get("optuna")


class TestSpace(SpaceContract): ...


class TestSearch(SearchContract): ...


class TestFailure(FailureContract): ...
