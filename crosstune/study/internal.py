"""Marks the studies that crosstune makes itself, whose sampler `crosstune exec` does not swap."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_making: ContextVar[bool] = ContextVar("crosstune_makes_a_study", default=False)


@contextmanager
def own_study() -> Iterator[None]:
    """Studies made or given a sampler in this context are crosstune's own."""
    token = _making.set(True)
    try:
        yield
    finally:
        _making.reset(token)


def is_own_study() -> bool:
    """True inside `own_study`."""
    return _making.get()
