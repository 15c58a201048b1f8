"""The contract that every backend is held to, as pytest classes.

A backend, a plug-in's too, binds to it with three empty classes and a fixture:

    import pytest
    from crosstune.testing import FailureContract, SearchContract, SpaceContract
    from my_package import MyAdapter

    @pytest.fixture
    def adapter():
        return MyAdapter()

    class TestSpace(SpaceContract): ...
    class TestSearch(SearchContract): ...
    class TestFailure(FailureContract): ...

It needs pytest and scipy. No backend is named in it.
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
