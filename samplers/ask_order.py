"""Whose turn it is to be given a point, where several processes search one study at once.

An engine that never repeats a point, or that walks to each point once, has to know what the others
are at. Two that are asked at the same moment know nothing of each other, and would give the same
point. So they are asked one after the other, by the bakery of Lamport (1974, "A New Solution of
Dijkstra's Concurrent Programming Problem"): all that it needs is that what one process has written
another can read, which every storage does. A trial draws a ticket, waits for those with a smaller
one, is given its point, and says which.
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
"""When nothing has moved for so many seconds, the processes ahead are taken to be dead."""
_PAUSES = (0.001, 0.002, 0.005, 0.01, 0.02)


class Turns:
    """The turns of one sampler's trials."""

    def __init__(self) -> None:
        self._dead: set[int] = set()

    def wait(self, study: Study, trial: FrozenTrial) -> None:
        """Return when it is a trial's turn to be given a point."""
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

    def give(self, study: Study, trial: FrozenTrial, held: Mapping[str, Any]) -> None:
        """Say what a trial was given, as the ledger holds it."""
        if _is_shared(study):
            _optuna.set_user_attr(study, trial, PROPOSAL, dict(held))

    def _ahead(self, study: Study, trial: FrozenTrial, ticket: int) -> set[int]:
        """The trials whose turn comes first, and those that still draw a ticket."""
        return {
            number
            for number, drawn in self._others(study, trial)
            if (drawn, number) < (ticket, trial.number)
        }

    def _others(self, study: Study, trial: FrozenTrial) -> Iterator[tuple[int, int]]:
        """The numbers of the other trials that wait, each with its ticket."""
        for each in _optuna.all_trials(study):
            drawn = each.user_attrs.get(PROPOSAL)
            if not isinstance(drawn, int) or each.state != TrialState.RUNNING:
                continue
            if each.number != trial.number and each.number not in self._dead:
                yield each.number, drawn


def takes_turns(engine: Engine) -> bool:
    """Whether an engine has to know what other processes are at before it proposes a point."""
    return engine.distinct or engine.exhaustive


def begun(trial: FrozenTrial) -> Mapping[str, Any]:
    """The point of a running trial, as far as it is known: Optuna writes it bit by bit."""
    proposal = trial.user_attrs.get(PROPOSAL)
    return proposal if isinstance(proposal, Mapping) else trial.params


def _is_shared(study: Study) -> bool:
    """Whether another process may search the study."""
    storage, _ = _optuna.identity(study)
    return not isinstance(storage, InMemoryStorage)
