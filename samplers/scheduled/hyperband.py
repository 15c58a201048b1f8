"""Hyperband with promotion: brackets of successive halving that begin at different epochs.

Li et al., Hyperband (2018), algorithm 1. The best of a round are continued, not trained again. The
brackets are filled one after the other, the one with the most configurations first, and then again;
the last one may stay smaller. While a round waits for running trials, the next bracket begins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil

from crosstune.samplers.scheduled.configurations import RUNNING, Configuration
from crosstune.samplers.scheduled.decisions import Continuation, Decision, NewConfiguration
from crosstune.samplers.scheduled.ranking import next_promotion, pause_or_end, ranked
from crosstune.samplers.scheduled.settings import Scheduler


@dataclass(frozen=True)
class HyperbandBracket:
    """One bracket.

    Attributes:
        number: of halvings.
        size: number of configurations.
        rungs: epochs of its rounds.
    """

    number: int
    size: int
    rungs: tuple[int, ...]


def brackets(factor: int, max_epochs: int) -> list[HyperbandBracket]:
    """The brackets of one iteration, the largest first.

    >>> [(bracket.size, bracket.rungs) for bracket in brackets(3, 27)]
    [(27, (1, 3, 9, 27)), (12, (3, 9, 27)), (6, (9, 27)), (4, (27,))]
    """
    most = 0
    while factor ** (most + 1) <= max_epochs:
        most += 1
    made = []
    for s in range(most, -1, -1):
        size = ceil((most + 1) / (s + 1) * factor**s)
        rungs = [max(round(max_epochs / factor ** (s - k)), 1) for k in range(s + 1)]
        made.append(HyperbandBracket(s, size, tuple(sorted(set(rungs)))))
    return made


def begin(begun: Sequence[Configuration], scheduler: Scheduler) -> NewConfiguration:
    """How far a new configuration is trained at first.

    Args:
        begun: the earlier ones.
        scheduler: with its options.
    """
    ladder = brackets(int(scheduler.options["factor"]), scheduler.max_epochs)
    place = len(begun) % sum(bracket.size for bracket in ladder)
    for bracket in ladder:
        if place < bracket.size:
            return NewConfiguration(bracket.rungs[0], bracket.number)
        place -= bracket.size
    raise AssertionError(place)


def decide(begun: Sequence[Configuration], scheduler: Scheduler, limit: int | None) -> Decision:
    """What to train next.

    Args:
        begun: the configurations so far.
        scheduler: with its options.
        limit: the number of configurations; None for no limit.
    """
    factor = int(scheduler.options["factor"])
    ladder = brackets(factor, scheduler.max_epochs)
    more = limit is None or len(begun) < limit
    start = 0
    number = 0
    while start < len(begun):
        bracket = ladder[number % len(ladder)]
        group = begun[start : start + bracket.size]
        whole = len(group) == bracket.size or not more
        promoted = _promoted(group, bracket, factor) if whole else None
        if promoted is not None:
            return promoted
        start += bracket.size
        number += 1
    if more:
        return begin(begun, scheduler)
    return pause_or_end(begun)


def _promoted(
    group: Sequence[Configuration], bracket: HyperbandBracket, factor: int
) -> Continuation | None:
    """The next continuation in a full bracket; None if there is none now."""
    members = list(group)
    for rung, following in pairwise(bracket.rungs):
        members = ranked(members, rung)
        if any(c.state == RUNNING and c.epochs <= rung for c in members):
            return None
        members = members[: max(len(members) // factor, 1)]
        promotion = next_promotion(members, following)
        if promotion is not None:
            return promotion
    return None
