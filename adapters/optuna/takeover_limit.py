"""`--trials` for Optuna's studies: in `Study.optimize`, and in `Study.ask` for everything else.

All trials of a study count, including those of earlier runs, except queued ones that were not
started. The processes of a script ask one after another, so the limit holds for all together.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import optuna
from optuna.storages import InMemoryStorage
from optuna.study import Study
from optuna.trial import TrialState

from crosstune import _optuna
from crosstune.takeover import shared
from crosstune.takeover.choice import ScriptEngine
from crosstune.takeover.limit import TrialsSpent, spent

_REACHED = "reached"
"""The kind of file in the shared folder that marks a study which has all its trials."""


class OptunaLimit:
    """The wrappers of `Study.ask` and `Study.optimize`.

    Args:
        make: returns the choice.
        is_own: whether a study is one of crosstune's own, which are not limited.
        is_scheduled: whether a study has a scheduler, which counts configurations.
    """

    def __init__(
        self,
        make: Callable[[], ScriptEngine],
        is_own: Callable[[Study], bool],
        is_scheduled: Callable[[Study], bool],
    ):
        self._make, self._is_own, self._is_scheduled = make, is_own, is_scheduled
        self._excused: set[str] = set()

    def asking(self, ask: Callable[..., optuna.Trial]) -> Callable[..., optuna.Trial]:
        """`Study.ask`, which is refused if the study has all its trials."""

        @functools.wraps(ask)
        def limited(study: Study, *args: Any, **options: Any) -> optuna.Trial:
            most = self._make().trials
            if most is None or self._is_own(study) or self._is_scheduled(study):
                return ask(study, *args, **options)
            with shared.turn(_key(study)):
                count = _count(study)
                if count >= most:
                    raise _spent(study, count, most)
                trial = ask(study, *args, **options)
                if count + 1 == most:
                    shared.first(_REACHED, _key(study))
                return trial

        return limited

    def optimizing(self, optimize: Callable[..., None]) -> Callable[..., None]:
        """`Study.optimize`, with the remaining number of trials."""

        @functools.wraps(optimize)
        def optimized(
            study: Study, func: Any, n_trials: int | None = None, *args: Any, **options: Any
        ) -> None:
            most = self._make().trials
            if most is None or n_trials == 0 or self._is_scheduled(study):
                return optimize(study, func, n_trials, *args, **options)
            count = _count(study)
            if count >= most:
                if self._excuses(study):
                    return None
                raise _spent(study, count, most)
            left = most - count if n_trials is None else min(n_trials, most - count)
            try:
                return optimize(study, func, left, *args, **options)
            except TrialsSpent as error:
                if error.study != _key(study):
                    raise
                return None  # Other processes have taken the rest.

        return optimized

    def _excuses(self, study: Study) -> bool:
        """True if a call for more trials ends at once without an error.

        This holds for the first call of a process that the script started while trials were left:
        which process gets the last ones is chance.
        """
        key = _key(study)
        if self._make().is_first_process or key in self._excused:
            return False
        self._excused.add(key)
        return shared.before(_REACHED, key)


def _count(study: Study) -> int:
    return sum(trial.state != TrialState.WAITING for trial in _optuna.all_trials(study))


def _key(study: Study) -> str:
    storage, number = _optuna.identity(study)
    place = id(storage) if isinstance(storage, InMemoryStorage) else ""
    return f"{study.study_name} {number} {place}"


def _spent(study: Study, count: int, most: int) -> TrialsSpent:
    return spent(f"the study {study.study_name!r}", count, most, study=_key(study))
