"""The rule of `--until-decided`: repeated looks with more seeds that share one level."""

from __future__ import annotations

from dataclasses import dataclass, replace

from crosstune.benchmarks.match.results import Results
from crosstune.benchmarks.statistics.rankings import Rule, rankings, with_pairs
from crosstune.benchmarks.statistics.signed_rank import fewest
from crosstune.benchmarks.statistics.summary import assemble, usable
from crosstune.benchmarks.statistics.verdicts import UNDECIDED, Pair, Ranking, Summary, counting
from crosstune.errors import RequestError

Decided = dict[tuple[bool, frozenset[str]], tuple[Pair, int]]
"""By measure (unseen or not) and pair: its verdict and the number of seeds at that look."""


@dataclass(frozen=True)
class Decision:
    """The result of a look.

    Attributes:
        done: whether to stop: every pair that matters is decided, or the cap is reached.
        seeds: the number of seeds at this look.
        summary: on those seeds.
    """

    done: bool
    seeds: int
    summary: Summary


@dataclass(frozen=True)
class Sequential:
    """Looks after every `rounds` seeds up to `cap`.

    Each look that can reject anything spends the same part of the level, so the chance of a false
    verdict is at most `level` over all looks (the union bound); Holm's correction applies within
    each look. A pair keeps the verdict of the look that decided it. The match is done when the
    contender that is then ahead has a verdict against every other one.

        sequential = Sequential(rounds=5, cap=40)
        for seeds in sequential.looks():
            ...                                   # run the match up to this many seeds
            decision = sequential.judge(results)
            if decision.done:
                break

    There is no state between calls: every look is repeated from the recorded runs, so a match that
    was killed and resumed makes the same decisions.

    Attributes:
        margin, within, level: as in `summarize`.
    """

    rounds: int = 5
    cap: int = 40
    level: float = 0.05
    margin: float = 0.1
    within: float | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.rounds <= self.cap:
            raise RequestError(
                f"rounds={self.rounds}, cap={self.cap}: a round has at least 1 seed and at most "
                "as many as the cap."
            )

    def looks(self) -> list[int]:
        """The numbers of seeds at which to look, ascending; the last is the cap.

        >>> Sequential(rounds=5, cap=12).looks()
        [5, 10, 12]
        """
        return [*range(self.rounds, self.cap, self.rounds), self.cap]

    def spending(self, pairs: int, problems: int = 1) -> dict[int, float]:
        """The part of the level that each look spends, by seeds, without looks that cannot reject.

        With few seeds even the clearest difference has a p-value above the part of a look. This
        depends only on the numbers of seeds, pairs and problems, so such a look is skipped and the
        others share its part. On several problems the observations are problems, so it depends
        only on the number of looks.

        Args:
            pairs: the number of pairs of contenders.
            problems: the number of problems.

        >>> list(Sequential(rounds=5, cap=20).spending(pairs=1))
        [10, 15, 20]
        """
        looks = self.looks()
        for skipped in range(len(looks)):
            taken = looks[skipped:]
            alpha = self.level / len(taken)
            observations = taken[0] if problems == 1 else problems
            if fewest(alpha / max(pairs, 1)) <= observations:
                return dict.fromkeys(taken, alpha)
        return {self.cap: self.level}

    def judge(self, results: Results) -> Decision:
        """The decision of the looks up to now; the first that is done is the last.

        Raises:
            RequestError: as `summarize`.
        """
        names, problems = results.settings.contenders, len(results.settings.problems)
        rule = Rule(self.margin, self.within, self.level)
        rule.check(problems)
        pairs = len(names) * (len(names) - 1) // 2
        spending = self.spending(pairs, problems)
        alpha = next(iter(spending.values()))
        rule = replace(rule, alpha=alpha)
        there = _through(results)
        # Looks that spend nothing show the standings and decide nothing.
        at = max((look for look in self.looks() if look <= there), default=there)
        decided: Decided = {}
        hopeless = problems > 1 and fewest(alpha / max(pairs, 1)) > problems
        done = hopeless
        for look in spending:
            if look > there:
                break
            at = look
            shown, _ = usable(_first(results, look))
            judged = rankings(results.settings, shown, rule, bootstrap=False)
            for ranking in judged:
                for pair in ranking.pairs:
                    if pair.verdict != UNDECIDED:
                        decided.setdefault((ranking.unseen, _key(pair)), (pair, look))
            counts = counting(judged)
            done = look == self.cap or all(
                pair.same_points or (counts.unseen, _key(pair)) in decided
                for pair in counts.pairs
                if counts.leader in (pair.a, pair.b)
            )
            if done:
                break
        part = _first(results, at)
        usable_problems, notes = usable(part)
        judged = tuple(
            with_pairs(ranking, tuple(_kept(pair, ranking, decided) for pair in ranking.pairs))
            for ranking in rankings(results.settings, usable_problems, rule)
        )
        taken = [look for look in spending if look <= at]
        notes.append(
            f"Decided in rounds: {len(taken)} of at most {len(spending)} looks that can decide "
            f"were taken by {at} seeds. Each may err with {100 * alpha:.2g} %, all together with "
            f"{100 * self.level:g} %."
        )
        if hopeless:
            notes.append(
                f"{problems} problems are too few for {pairs} pairs, however many seeds there are: "
                f"at {100 * self.level:g} % the test needs {fewest(alpha / max(pairs, 1))}."
            )
        return Decision(done, at, assemble(part, usable_problems, judged, notes, self.level, None))


def _key(pair: Pair) -> frozenset[str]:
    return frozenset((pair.a, pair.b))


def _kept(pair: Pair, ranking: Ranking, decided: Decided) -> Pair:
    """The current pair with the verdict of the look that decided it."""
    if (ranking.unseen, _key(pair)) not in decided:
        return replace(pair, verdict=UNDECIDED)
    then, look = decided[ranking.unseen, _key(pair)]
    return replace(pair, verdict=then.seen_from(pair.a).verdict, more=None, decided_at=look)


def _through(results: Results) -> int:
    """The number of seeds, from 0 without a gap, that are finished on every problem."""
    seeds = results.settings.seeds
    for about in results.settings.problems:
        have = set(results.seeds_of(about.name))
        seeds = next((seed for seed in range(seeds) if seed not in have), seeds)
    return seeds


def _first(results: Results, seeds: int) -> Results:
    return replace(results, settings=replace(results.settings, seeds=seeds))
