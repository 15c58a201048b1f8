"""The verdict in plain words."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from crosstune.benchmarks.statistics.precision import between, half
from crosstune.benchmarks.statistics.verdicts import (
    BETTER,
    EQUIVALENT,
    UNDECIDED,
    WORSE,
    Pair,
    Ranking,
)
from crosstune.presentation.numbers import rounded

NAMED = 3
"""The most contenders that a clause names with their figures; else it gives their number."""


def listed(parts: Sequence[str]) -> str:
    """Join with commas, and with "and" before the last.

    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    return " and ".join(part for part in (", ".join(parts[:-1]), parts[-1]) if part)


def _ahead(pair: Pair) -> str:
    by = f"by {rounded(pair.advantage, half(pair.interval))}"
    if pair.interval is not None:
        by += f", {100 * pair.interval.level:g} % interval {between(pair.interval)}"
    return f"{pair.b} ({by})"


def _many(group: Sequence[Pair], others: int, one: Callable[[Pair], str]) -> str:
    if len(group) <= NAMED:
        return listed([one(pair) for pair in group])
    return "all others" if len(group) == others else f"{len(group)} of the {others} others"


def _undecided(group: Sequence[Pair], leader: str, others: int, unit: str) -> str:
    n = group[0].n
    have = f"{n} {unit}{'s are' if n != 1 else ' is'}"
    if len(group) == others:
        whom = listed([pair.b for pair in group]) if others <= NAMED else f"the {others} others"
        text = f"{have} not enough to tell {leader} from {whom}"
    else:
        whom = listed([pair.b for pair in group]) if len(group) <= NAMED else f"{len(group)} others"
        text = f"against {whom} {have} not enough"
    needs = [pair.more for pair in group]
    numbers = [need for need in needs if need is not None]
    if not numbers:
        return f"{text}, and no number within reason would do"
    if n == 1:
        return f"{text}, and at least {min(numbers)} more would be needed"
    about = f"about {max(numbers)} more would do"
    if len(numbers) < len(needs):
        about = (
            f"about {min(numbers)} more would decide some of it, and the rest is too close to call"
        )
    return f"{text}, {about}"


def _same_points(group: Sequence[Pair], leader: str, others: int) -> str:
    text = f"{leader} and {_many(group, others, lambda pair: pair.b)} evaluated the same points"
    random_for = [pair.random_for for pair in group if pair.random_for is not None]
    if random_for:
        text += f", as their first {min(random_for)} trials are random"
    return f"{text}: more trials would tell them apart, and more seeds would not"


def sentence(ranking: Ranking) -> str:
    """The verdict on the leader in one sentence."""
    leader, of_leader = ranking.leader, ranking.of_leader
    where = f"On {ranking.measure}" + ("" if ranking.only is None else f" of {ranking.only} alone")
    where += " (data that tuning never saw)" if ranking.unseen else ""
    if not of_leader:
        return f"{where}, {leader} is the only contender."
    groups = {
        verdict: [pair for pair in of_leader if pair.verdict == verdict]
        for verdict in (BETTER, WORSE, EQUIVALENT, UNDECIDED)
    }
    if ranking.margin == 0:
        return f"{where}, all contenders ended alike under every seed."
    claims = []
    if groups[BETTER]:
        claims.append(f"{leader} is better than {_many(groups[BETTER], len(of_leader), _ahead)}")
    if groups[WORSE]:
        # An early look decided the opposite of the present means.
        claims.append(f"{leader} was found worse than {listed([p.b for p in groups[WORSE]])}")
    if groups[EQUIVALENT]:
        same = _many(groups[EQUIVALENT], len(of_leader), lambda pair: pair.b)
        subject = "it is" if claims else f"{leader} is"
        claims.append(f"{subject} equivalent to {same} within {rounded(ranking.margin)}")
    alike = [pair for pair in groups[UNDECIDED] if pair.same_points]
    apart = [pair for pair in groups[UNDECIDED] if not pair.same_points]
    if apart:
        claims.append(_undecided(apart, leader, len(of_leader), ranking.unit))
    if alike:
        claims.append(_same_points(alike, leader, len(of_leader)))
    return f"{where}, {'; '.join(claims)}."
