"""The time that a sampler takes: engines' samplers count it themselves, others are wrapped."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from optuna.samplers import BaseSampler


class _HasSeconds(Protocol):
    """An object that counts the time of its methods."""

    seconds: float


P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T", bound=_HasSeconds)


def timed(method: Callable[Concatenate[T, P], R]) -> Callable[Concatenate[T, P], R]:
    """Add a method's wall time to `self.seconds`. It must not call another timed method."""

    @functools.wraps(method)
    def counted(self: T, /, *args: P.args, **kwargs: P.kwargs) -> R:
        before = time.monotonic()
        try:
            return method(self, *args, **kwargs)
        finally:
            self.seconds += time.monotonic() - before

    return counted


def _timed_method(name: str) -> Any:
    """A method of the wrapper that calls the sampler's, and counts its time."""

    @timed
    def method(self: TimedSampler, *args: Any, **kwargs: Any) -> Any:
        return getattr(self.inner, name)(*args, **kwargs)

    return method


class TimedSampler(BaseSampler):
    """A wrapper that counts the time of a sampler.

    Args:
        inner: the sampler that proposes. All other attributes are taken from it.

    Attributes:
        seconds: wall time so far.
    """

    def __init__(self, inner: BaseSampler):
        self.inner = inner
        self.seconds = 0.0

    def __getattr__(self, name: str) -> Any:
        if name == "inner":  # while it is unpickled
            raise AttributeError(name)
        return getattr(self.inner, name)

    def reseed_rng(self) -> None:
        """See Optuna."""
        self.inner.reseed_rng()

    before_trial = _timed_method("before_trial")
    infer_relative_search_space = _timed_method("infer_relative_search_space")
    sample_relative = _timed_method("sample_relative")
    sample_independent = _timed_method("sample_independent")
    after_trial = _timed_method("after_trial")


def untimed(sampler: BaseSampler) -> BaseSampler:
    """The sampler that proposes."""
    return sampler.inner if isinstance(sampler, TimedSampler) else sampler
