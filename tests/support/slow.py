"""Parametrizations of which some cases run by default, and the others with `-m slow`."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import pytest


def slow_but_first(cases: Iterable[Any], count: int = 1) -> list[Any]:
    """The cases, of which those after the first `count` are slow.

    Args:
        cases: as `pytest.mark.parametrize` takes them; a tuple has a value for each name.
        count: how many run by default.
    """
    return [case if n < count else _slow(case) for n, case in enumerate(cases)]


def slow_but(cases: Iterable[Any], kept: Collection[Any]) -> list[Any]:
    """The cases, of which all but those in `kept` are slow."""
    cases = list(cases)
    missing = [case for case in kept if case not in cases]
    assert not missing, missing
    return [case if case in kept else _slow(case) for case in cases]


def _slow(case: Any) -> Any:
    values = case if isinstance(case, tuple) else (case,)
    return pytest.param(*values, marks=pytest.mark.slow)
