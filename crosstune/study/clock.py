"""How long a sampler works."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from optuna.samplers import BaseSampler


class SamplerClock:
    """Counts the seconds that a sampler works, whatever sampler it is.

    Attributes:
        seconds: of wall time, so far.
    """

    def __init__(self, sampler: BaseSampler):
        self.seconds = 0.0
        for name in (
            "before_trial",
            "infer_relative_search_space",
            "sample_relative",
            "sample_independent",
            "after_trial",
            "exhausted",  # this and the next are EngineSampler's
            "ready",
        ):
            if hasattr(sampler, name):
                setattr(sampler, name, self._timed(getattr(sampler, name)))

    def _timed(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **kwargs: Any) -> Any:
            before = time.monotonic()
            try:
                return method(*args, **kwargs)
            finally:
                self.seconds += time.monotonic() - before

        return timed
