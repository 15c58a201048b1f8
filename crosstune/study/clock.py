"""How long the sampler of a study works."""

from __future__ import annotations

from optuna.study import Study

from crosstune.samplers.engine import EngineSampler
from crosstune.samplers.timed import TimedSampler
from crosstune.study.internal import own_study


class SamplerClock:
    """Counts the seconds that the sampler of a study works from now on.

    Args:
        study: if its sampler keeps no time itself, it gets a `TimedSampler` with it.
    """

    def __init__(self, study: Study):
        sampler = study.sampler
        if not isinstance(sampler, EngineSampler | TimedSampler):
            sampler = TimedSampler(sampler)
            with own_study():
                study.sampler = sampler
        self._sampler = sampler
        self._before = sampler.seconds

    @property
    def seconds(self) -> float:
        """Of wall time, so far."""
        return self._sampler.seconds - self._before
