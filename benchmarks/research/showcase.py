"""How often the README's match decides, and how often it tells an engine from itself.

    python -m crosstune.benchmarks.research.showcase --bases 10 --jobs 2
    ... --spec examples/diabetes.yaml --contenders crosstune:gp,hyperopt:tpe --trials 25

For each base the match of the README runs with seeds of its own, in rounds, by the rule of
`--until-decided`. Then the first contender meets itself with the seeds of two bases: whatever that
match decides is false. The time is that of one match, with its runs one after the other.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from unittest import mock

from crosstune.benchmarks import compare as matches
from crosstune.benchmarks import problems
from crosstune.benchmarks.match import run as match_run
from crosstune.benchmarks.match.results import Results
from crosstune.benchmarks.match.seeding import MOST_SEEDS, engine_seed
from crosstune.benchmarks.statistics.sequential import Decision, Sequential
from crosstune.benchmarks.statistics.verdicts import EQUIVALENT, UNDECIDED
from crosstune.spec.spec import Spec

PROBLEM = "kinds/wide-cancer-votes"
TRIALS = 40
CONTENDERS = ("crosstune:gp", "optuna:tpe")
CAP = matches.CAP
FIRST = 100
"""The first seed of base 0: apart from those of the README's own match."""


@dataclass(frozen=True)
class Showcase:
    """One match of the README with its own seeds.

    Attributes:
        results: all evaluations.
        sentence: the verdict in words.
        verdict: "better", "worse", "equivalent" or "not enough seeds", of the first contender.
        seeds: of each contender.
        wall: seconds of the match.
        cpu: seconds of the processor.
    """

    results: Results
    sentence: str
    verdict: str
    seeds: int
    wall: float
    cpu: float


@contextmanager
def seeds_of(base: int) -> Iterator[None]:
    """Matches of this process whose seeds belong to a base."""
    first = FIRST + base * CAP
    if first + CAP > MOST_SEEDS:
        raise SystemExit(f"there are {(MOST_SEEDS - FIRST) // CAP} bases, from 0")
    with mock.patch.object(match_run, "engine_seed", lambda seed: engine_seed(first + seed)):
        yield


def showcase(
    subject: Path | str, contenders: tuple[str, ...], trials: int | None, base: int
) -> Showcase:
    """The match of one base.

    Args:
        subject: the file of a spec, or the name of a problem.
        contenders: two of them.
        trials: of each run; None: the spec's.
        base: chooses the seeds.
    """
    wall, cpu = time.monotonic(), time.process_time()
    with seeds_of(base):
        ended = matches.compare(
            problems.get(subject) if isinstance(subject, str) else Spec.load(subject),
            contenders=contenders,
            trials=trials,
            until_decided=True,
        )
    (pair,) = ended.summary.verdict.pairs
    verdict = pair.seen_from(contenders[0]).verdict
    return Showcase(
        ended.results,
        ended.sentence,
        verdict,
        ended.results.settings.seeds,
        time.monotonic() - wall,
        time.process_time() - cpu,
    )


def against_itself(one: Results, other: Results, contender: str) -> Decision:
    """The verdict between the runs of a contender in two matches.

    Both are cut to the seeds that they share, and the looks are those of the rounds.

    Args:
        one, other: the matches, with seeds of their own.
        contender: a label in both.
    """
    again = f"{contender} again"
    problem = one.settings.problems[0].name
    runs = {}
    for name, results in ((contender, one), (again, other)):
        for (_, label, seed), run in results.runs.items():
            if label == contender:
                runs[problem, name, seed] = run
    seeds = min(one.settings.seeds, other.settings.seeds)
    startup = {name: one.settings.startup.get(contender, 0) for name in (contender, again)}
    settings = replace(
        one.settings, contenders=(contender, again), seeds=seeds, startup=startup, rounds=None
    )
    return Sequential(matches.ROUND, CAP).judge(Results(settings, runs))


def main() -> None:
    """Print a line for each base, and the shares."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--spec", type=Path, help="instead of the problem")
    parser.add_argument("--problem", default=PROBLEM, help="one of a suite")
    parser.add_argument("--contenders", default=",".join(CONTENDERS))
    parser.add_argument("--trials", type=int, default=TRIALS)
    parser.add_argument("--bases", type=int, default=10)
    parser.add_argument("--first", type=int, default=0, help="the first base")
    parser.add_argument("--jobs", type=int, default=1, help="matches at a time")
    options = parser.parse_args()
    contenders = tuple(options.contenders.split(","))
    bases = range(options.first, options.first + options.bases)
    pool = ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn"))
    with pool:
        jobs = [
            pool.submit(showcase, options.spec or options.problem, contenders, options.trials, base)
            for base in bases
        ]
        done: list[Showcase] = []
        for base, job in zip(bases, jobs, strict=True):
            done.append(job.result())
            ended = done[-1]
            print(
                f"base {base}: {contenders[0]} {ended.verdict} after {ended.seeds} seeds, "
                f"{ended.wall:.0f} s, {ended.cpu:.0f} s of CPU. {ended.sentence}",
                flush=True,
            )
    decided = sum(ended.verdict != UNDECIDED for ended in done)
    print(f"decided: {decided} of {len(done)} matches between {' and '.join(contenders)}")
    false = tried = 0
    for one, other in pairwise(done):
        for contender in contenders:
            (pair,) = against_itself(one.results, other.results, contender).summary.verdict.pairs
            false += pair.verdict not in (UNDECIDED, EQUIVALENT)
            tried += 1
    print(f"an engine told from itself: {false} of {tried} matches")


if __name__ == "__main__":
    main()
