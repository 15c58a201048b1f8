"""The contract that every backend has to fulfil, as pytest classes.

A backend, or a plug-in's backend, runs it with three empty classes and a fixture:

    import pytest
    from crosstune.testing import FailureContract, SearchContract, SpaceContract
    from my_package import MyAdapter

    @pytest.fixture
    def adapter():
        return MyAdapter()

    class TestSpace(SpaceContract): ...
    class TestSearch(SearchContract): ...
    class TestFailure(FailureContract): ...

It needs pytest and scipy, and names no backend.
"""

from crosstune.system.extras import needing

with (
    needing("crosstune.testing", "pytest", "pytest"),
    needing("crosstune.testing", "crosstune[optuna]", "scipy"),
):
    from crosstune.testing.failures import FailureContract
    from crosstune.testing.search import SearchContract
    from crosstune.testing.space import SpaceContract

__all__ = ["FailureContract", "SearchContract", "SpaceContract"]
