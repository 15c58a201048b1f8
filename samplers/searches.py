"""The searches of one sampler, one for each study in which it is."""

from __future__ import annotations

from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

from optuna.study import Study

from crosstune import _optuna
from crosstune.errors import Unsupported
from crosstune.samplers.declared import DeclaredSearch
from crosstune.samplers.engine_source import EngineSource
from crosstune.samplers.learned import NOTE as LEARNED
from crosstune.samplers.learned import LearnedSearch
from crosstune.samplers.scalarisation import NOTE
from crosstune.samplers.scheduled.learned_search import ScheduledLearnedSearch
from crosstune.samplers.scheduled.search import ScheduledSearch
from crosstune.samplers.scheduled.settings import Scheduler
from crosstune.space.space import Space

Search: TypeAlias = DeclaredSearch | LearnedSearch
"""The search of a sampler in one study."""


class Searches:
    """The searches of one sampler.

    Args:
        source: makes their engines.
        space: to search; None to learn it from the trials.
        scheduler: decides how far each trial is trained; None for whole trials.

    Attributes:
        last: the search that was asked for last; None before the first.
        scalarises: whether that study has several metrics, which its engine sees as one.
        penalises: whether its engine is told worse values of infeasible points.
    """

    def __init__(self, source: EngineSource, space: Space | None, scheduler: Scheduler | None):
        self._source, self._space, self._scheduler = source, space, scheduler
        self._by_study: WeakKeyDictionary[Any, dict[int, Search]] = WeakKeyDictionary()
        self.last: Search | None = None
        self.scalarises = False
        self.penalises = scheduler is None and source.can_penalise

    @property
    def asked(self) -> int:
        """How many proposals were made."""
        return sum(search.asked for some in self._by_study.values() for search in some.values())

    def of(self, study: Study) -> Search:
        """The search of a study, made at the first call.

        Raises:
            Unsupported: the study has several metrics, and the sampler takes one alone.
        """
        storage, number = _optuna.identity(study)
        searches = self._by_study.setdefault(storage, {})
        if number not in searches:
            if self._scheduler is not None and len(study.directions) > 1:
                raise Unsupported(
                    f"a scheduler compares learning curves of one metric, and the study "
                    f"{study.study_name!r} has {len(study.directions)}. Leave the scheduler out"
                )
            self.scalarises = self._source.scalarisation(len(study.directions)) is not None
            searches[number] = self._new()
            self._source.leave_record(study, self._notes())
            self.penalises = self._scheduler is None and self._source.penalises(study)
        self.last = searches[number]
        return self.last

    def _new(self) -> Search:
        match self._space, self._scheduler:
            case None, None:
                return LearnedSearch(self._source)
            case None, Scheduler() as scheduler:
                return ScheduledLearnedSearch(self._source, scheduler)
            case Space() as space, None:
                return DeclaredSearch(self._source, space)
            case Space() as space, Scheduler() as scheduler:
                return ScheduledSearch(self._source, space, scheduler)
        raise AssertionError

    def _notes(self) -> list[str]:
        """Why the suggestions are not those of the library called by hand."""
        notes = [NOTE] if self.scalarises else []
        learned = [] if self._space is not None else [LEARNED]
        return [*notes, *learned, *([] if self._scheduler is None else [self._scheduler.note])]
