"""The order in which several processes that search one study get their points.

An engine that never repeats a point, or evaluates each point once, has to know which points the
others are evaluating. Two that are asked at the same moment would propose the same point. So they
are asked one after the other, by the bakery algorithm of Lamport (1974, "A New Solution of
Dijkstra's Concurrent Programming Problem"). It only needs that one process can read what another
has written, as in every storage. A trial draws a ticket, waits for those with a smaller one, gets
its point, and writes the point into the study.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

from optuna.storages import InMemoryStorage
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from crosstune import _optuna
from crosstune.engines.base import Engine
from crosstune.engines.record_names import PROPOSAL

PATIENCE = 30.0
"""After this many seconds without progress, the processes ahead are considered dead."""
_PAUSES = (0.001, 0.002, 0.005, 0.01, 0.02)


class AskOrder:
    """The turns of one sampler's trials."""

    def __init__(self) -> None:
        self._dead: set[int] = set()

    def wait(self, study: Study, trial: FrozenTrial) -> None:
        """Return when it is a trial's turn to get a point."""
        if not _is_shared(study):
            return
        _optuna.set_user_attr(study, trial, PROPOSAL, 0)
        ticket = 1 + max((drawn for _, drawn in self._others(study, trial)), default=0)
        _optuna.set_user_attr(study, trial, PROPOSAL, ticket)
        ahead: set[int] = set()
        moved = time.monotonic()
        looks = 0
        while now := self._ahead(study, trial, ticket):
            if now != ahead:
                ahead, moved = now, time.monotonic()
            elif time.monotonic() - moved > PATIENCE:
                self._dead |= ahead
                return
            time.sleep(_PAUSES[min(looks, len(_PAUSES) - 1)])
            looks += 1

    def publish(self, study: Study, trial: FrozenTrial, params: Mapping[str, Any]) -> None:
        """Write a trial's point into the study, for other processes.

        Args:
            study: of the trial.
            trial: whose turn it was.
            params: its point as the ledger stores it.
        """
        if _is_shared(study):
            _optuna.set_user_attr(study, trial, PROPOSAL, dict(params))

    def _ahead(self, study: Study, trial: FrozenTrial, ticket: int) -> set[int]:
        """The trials whose turn comes first, and those that are drawing a ticket."""
        return {
            number
            for number, drawn in self._others(study, trial)
            if (drawn, number) < (ticket, trial.number)
        }

    def _others(self, study: Study, trial: FrozenTrial) -> Iterator[tuple[int, int]]:
        """The numbers of the other waiting trials, each with its ticket."""
        for other in _optuna.all_trials(study):
            drawn = other.user_attrs.get(PROPOSAL)
            if not isinstance(drawn, int) or other.state != TrialState.RUNNING:
                continue
            if other.number != trial.number and other.number not in self._dead:
                yield other.number, drawn


def takes_turns(engine: Engine) -> bool:
    """True if an engine has to know the points of other processes before it proposes one."""
    return engine.distinct or engine.exhaustive


def begun(trial: FrozenTrial) -> Mapping[str, Any]:
    """The params of a running trial so far: Optuna writes them one by one."""
    proposal = trial.user_attrs.get(PROPOSAL)
    return proposal if isinstance(proposal, Mapping) else trial.params


def _is_shared(study: Study) -> bool:
    """True if another process may search the study."""
    storage, _ = _optuna.identity(study)
    return not isinstance(storage, InMemoryStorage)
