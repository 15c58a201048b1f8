"""`exec --scheduler`: the studies of a script whose trials train configurations in part.

A script's number of trials, and `--trials`, count configurations. So `Study.optimize` runs as many
parts as the schedule has, and `Study.ask` begins none after the last.

What loads the library that reads specs is imported where it is used: a script may have no study.
"""

from __future__ import annotations

import functools
import inspect
import time
from collections.abc import Callable
from typing import Any
from weakref import WeakSet

import optuna
from optuna.study import Study
from optuna.trial import FrozenTrial

from crosstune.errors import RequestError
from crosstune.samplers.engine import EngineSampler
from crosstune.takeover import shared
from crosstune.takeover.choice import ScriptEngine
from crosstune.takeover.limit import spent


class ScheduledStudies:
    """The wrappers of `Study.ask` and `Study.optimize`.

    Args:
        make: returns the choice.
        is_own: whether a study is one of crosstune's own, which has a scheduler of its own.
    """

    def __init__(self, make: Callable[[], ScriptEngine], is_own: Callable[[Study], bool]):
        self._make, self._is_own = make, is_own
        self._limited: WeakSet[Study] = WeakSet()

    def includes(self, study: Study) -> bool:
        """Whether a scheduler of the takeover decides what the trials of a study train."""
        sampler = study.sampler
        return (
            isinstance(sampler, EngineSampler)
            and sampler.scheduler is not None
            and not self._is_own(study)
        )

    def set_pruner(self, study: Study) -> None:
        """Put a pruner that pauses in place of the script's, if the study has a scheduler."""
        if self.includes(study):
            from crosstune.pruners.pause import PausePruner

            study.pruner = PausePruner()

    def asking(self, ask: Callable[..., optuna.Trial]) -> Callable[..., optuna.Trial]:
        """`Study.ask`; one process of the script at a time decides."""

        @functools.wraps(ask)
        def scheduled(study: Study, *args: Any, **options: Any) -> optuna.Trial:
            if not self.includes(study):
                return ask(study, *args, **options)
            if study not in self._limited:
                self._limit(study, None)
            with shared.turn(study.study_name):
                if _sampler(study).exhausted(study):
                    most = self._make().trials or _begun(study)
                    raise spent(f"the study {study.study_name!r}", _begun(study), most)
                return ask(study, *args, **options)

        return scheduled

    def optimizing(self, optimize: Callable[..., None]) -> Callable[..., None]:
        """`Study.optimize`, with as many configurations as the script asks for trials."""
        signature = inspect.signature(optimize)

        @functools.wraps(optimize)
        def scheduled(study: Study, *args: Any, **options: Any) -> None:
            if not self.includes(study):
                return optimize(study, *args, **options)
            call = signature.bind(study, *args, **options)
            call.apply_defaults()
            self._limit(study, call.arguments["n_trials"])
            if _sampler(study).exhausted(study):
                return None
            timeout = call.arguments["timeout"]
            ends = functools.partial(_end, None if timeout is None else time.monotonic() + timeout)
            call.arguments["n_trials"] = None
            callbacks = call.arguments["callbacks"] or []
            from crosstune.checkpoints.superseded import Tidying

            call.arguments["callbacks"] = [*callbacks, Tidying(), ends]
            return optimize(*call.args, **call.kwargs)

        return scheduled

    def _limit(self, study: Study, wanted: int | None) -> None:
        """Set the number of configurations of a study.

        Raises:
            RequestError: the scheduler has to know it, and nobody has said it.
        """
        most = self._make().trials
        if wanted is not None:
            wanted += _begun(study)
            most = wanted if most is None else min(most, wanted)
        sampler = _sampler(study)
        assert sampler.scheduler is not None
        if most is None and sampler.scheduler.name == "i-epoch":
            raise RequestError(
                "i-epoch continues the best configurations at the end, so it has to know their "
                "number, and the script does not say it. Give --trials"
            )
        sampler.limit_configurations(study, most)
        self._limited.add(study)


def _end(deadline: float | None, study: Study, _: FrozenTrial) -> None:
    """End `optimize` where nothing is left to train, or all that is left is being trained."""
    if (deadline is None or time.monotonic() < deadline) and not _sampler(study).ready(study):
        study.stop()


def _sampler(study: Study) -> EngineSampler:
    assert isinstance(study.sampler, EngineSampler)
    return study.sampler


def _begun(study: Study) -> int:
    from crosstune.study.configurations import configurations_of

    return len(configurations_of(study) or study.get_trials(deepcopy=False))
