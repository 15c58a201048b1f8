"""The time that a sampler takes: engines' samplers count it themselves, others are wrapped."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Sequence
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState


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

    @timed
    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """See Optuna."""
        self.inner.before_trial(study, trial)

    @timed
    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """See Optuna."""
        return self.inner.infer_relative_search_space(study, trial)

    @timed
    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """See Optuna.

        Args:
            study, trial, search_space: as in `optuna.samplers.BaseSampler`.
        """
        return self.inner.sample_relative(study, trial, search_space)

    @timed
    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """See Optuna.

        Args:
            study, trial, param_name, param_distribution: as in `optuna.samplers.BaseSampler`.
        """
        return self.inner.sample_independent(study, trial, param_name, param_distribution)

    @timed
    def after_trial(
        self,
        study: Study,
        trial: FrozenTrial,
        state: TrialState,
        values: Sequence[float] | None,
    ) -> None:
        """See Optuna.

        Args:
            study, trial, state, values: as in `optuna.samplers.BaseSampler`.
        """
        self.inner.after_trial(study, trial, state, values)


def untimed(sampler: BaseSampler) -> BaseSampler:
    """The sampler that proposes."""
    return sampler.inner if isinstance(sampler, TimedSampler) else sampler
