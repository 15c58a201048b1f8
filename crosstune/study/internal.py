"""The studies that crosstune makes itself: their sampler is not for `crosstune exec` to swap."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_making: ContextVar[bool] = ContextVar("crosstune_makes_a_study", default=False)


@contextmanager
def own_study() -> Iterator[None]:
    """Inside, a study that is made, or given a sampler, is crosstune's own."""
    token = _making.set(True)
    try:
        yield
    finally:
        _making.reset(token)


def is_own_study() -> bool:
    """Whether the code that runs is inside `own_study`."""
    return _making.get()
