"""The slowest cases of the contract, whose kind other cases show, are left to the slow tests."""

from __future__ import annotations

from pathlib import Path

import pytest

SLOW = (
    "test_bayesian_search_ends_nearer_than_it_began",
    "test_the_same_seed_gives_the_same_trials[7-bayesian]",
    "test_the_same_seed_gives_the_same_trials[-3-bayesian]",
    f"test_the_same_seed_gives_the_same_trials[{2**40}-bayesian]",
    "test_no_seed_is_a_random_one[bayesian]",
    "test_another_seed_gives_other_trials[bayesian]",
    "test_a_search_goes_on_after_a_bad_value[text-bayesian]",
    "test_a_search_goes_on_after_a_bad_value[None-bayesian]",
    "test_a_search_goes_on_after_a_bad_value[-inf-bayesian]",
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.name in SLOW and item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.slow)
