"""The time that the sampler of a study takes."""

from __future__ import annotations

from optuna.study import Study

from crosstune.samplers.engine import EngineSampler
from crosstune.samplers.timed import TimedSampler
from crosstune.study.internal import own_study


class SamplerClock:
    """Counts the seconds that the sampler of a study takes from now on.

    Args:
        study: if its sampler does not measure time, it is wrapped in a `TimedSampler`.
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
        """Wall time so far."""
        return self._sampler.seconds - self._before
