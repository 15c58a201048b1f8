"""The published matches: the engines with all their samplers, and our own on both halves.

python -m crosstune.benchmarks.research.published run      # hours; continues where it was stopped
python -m crosstune.benchmarks.research.published pack     # keeps what it found in results/
python -m crosstune.benchmarks.research.published write    # benchmarks/RESULTS.md from results/
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

import crosstune.benchmarks.research.rivals  # noqa: F401  # registers them as backends
from crosstune.benchmarks.match.contender import contenders
from crosstune.benchmarks.match.folder import MatchFolder
from crosstune.benchmarks.match.limits import RunLimits
from crosstune.benchmarks.match.match import Match
from crosstune.benchmarks.match.results import Results
from crosstune.benchmarks.problems import kinds
from crosstune.benchmarks.research import halves
from crosstune.benchmarks.research.league import section, wins, wins_by_kind
from crosstune.benchmarks.research.matches import (
    ABLATION,
    DEVELOPMENT,
    ENGINES,
    FRONTS,
    FROZEN,
    KINDS,
    KINDS_OUTSIDE,
    LONGER,
    MATCHES,
    NOT_LOST,
    OURS,
    SURROGATES,
    Published,
)
from crosstune.benchmarks.research.packed import pack, unpack
from crosstune.benchmarks.research.suites import of_suites
from crosstune.errors import no_such

HERE = Path(__file__).parent
KEPT = HERE / "results"
RESULTS = HERE.parent / "RESULTS.md"
FOLDER = Path("runs") / "published"

INTRODUCTION = """# Results

Written by `python -m crosstune.benchmarks.research.published write` from what is kept in
`benchmarks/research/results/`; `run` carries the matches out again.

Regret is normalised: 0 is the best known value of a problem, 1 what random search
(`optuna:random`) has on average after as many trials. So a regret of 0.3 after 50 trials means
that seven tenths of what random search leaves to gain are gained. It is the mean over problems and
seeds, with a 95 % interval from a bootstrap over both. Rank is the mean rank over the problems, 1
the best. A proposal is the sampler's own time for one, on the wall clock of a machine that was busy
with other work too. Losses stand beside wins: every contender is in every table, and what failed is
named below it. How it is computed: [docs/statistics.md](../docs/statistics.md).

The samplers that take longer a proposal have matches of their own, with fewer seeds or trials.
Keras Tuner's Hyperband is not here: it schedules epochs, which these problems do not have; and
`optuna:brute-force` needs a space that it can go through to the end.
"""


OF_KINDS = f"""# Kinds of problems

`{OURS}` was changed on the development half of these problems, frozen on {halves.KINDS_FROZEN}, and
then run on the frozen half for the first time: that sampler is the contender `without plain`. It
was changed once more, on the development half and on surrogates that no match here has, and run
again; what an ablation on the frozen half had said was known by then. That code was frozen on
{halves.KINDS_FROZEN_AGAIN}. Its worst kinds come first. A cell is the chance that it ends
better than the rival on a new seed of a new problem like these, ties shared, with a 95 % interval
from a bootstrap over problems and seeds; with four problems a kind, that of one kind is wide. A
problem whose score had no fixed seed, `kinds/conditional-wine-nested`, was run again after that was
mended.
"""

OF_FRONTS = f"""# Several metrics, and constraints

With several metrics a run is scored by the hypervolume regret of its feasible front: 0 is the best
known front, below 0 a better one, and 1 what five runs of random search, under seeds of their own,
have after all trials. So random search is above 1 at the smaller budgets. Under constraints with
one metric regret is that of the best feasible value, and a run without one is worse than all
others. Feasible is the share of all trials that meet the constraints.

In the first table of a match a cell is the chance to end ahead, as above, for `{OURS}` or else the
first contender. The rivals to which it loses most come first, and so do the suites, and in each the
problems, on which it loses.
"""

BEFORE_KINDS = f"""# crosstune's own sampler before that

What follows is `{OURS}` as it was frozen on {halves.FROZEN}, without its present mechanisms. It was
developed on one half of the problems, and then run on the other half for the first time, under 20
seeds with the quick rivals and fewer with the slow ones. Cells are chances as above.
"""


def run(names: Sequence[str], jobs: int) -> None:
    """Carry out what is missing of the matches."""
    for name in names:
        wanted = MATCHES[name]
        match = Match(
            tuple(halves.get(name) for name in wanted.names),
            contenders(wanted.contenders),
            RunLimits(trials=wanted.trials),
            command=f"python -m crosstune.benchmarks.research.published run {name}",
        )
        match.check(wanted.seeds)
        folder = MatchFolder(FOLDER / name)
        with folder.alone():
            match.run(
                folder,
                wanted.seeds,
                jobs=jobs,
                progress=lambda over, runs, name=name: print(  # type: ignore[misc]
                    f"{name}: {over} of {runs} runs", end="\r", flush=True
                ),
            )
        print()


def write() -> str:
    """Write the page from the stored matches."""
    parts = [INTRODUCTION]
    parts += [section(wanted.title, results) for wanted, results in _kept_of(ENGINES)]
    parts.append(OF_KINDS)
    parts += [
        _of_kinds(wanted, results, ("optuna:tpe", "hyperopt:tpe"))
        for wanted, results in _kept_of(KINDS)
    ]
    parts += [
        _of_kinds(wanted, results, [name for name in results.settings.contenders if name != OURS])
        for wanted, results in _kept_of(KINDS_OUTSIDE)
    ]
    parts += [
        _of_kinds(wanted, results, [name for name in results.settings.contenders if name != OURS])
        for wanted, results in _kept_of(ABLATION)
    ]
    for wanted, results in _kept_of({**NOT_LOST, **SURROGATES}):
        parts += [wins(wanted.title, [results], OURS), section("All", results, "###", OURS)]
    fronts = _kept_of(FRONTS)
    if fronts:
        parts.append(OF_FRONTS)
        parts += [of_suites(wanted.title, results, _judged(results)) for wanted, results in fronts]
    parts.append(BEFORE_KINDS)
    for title, matches in (
        ("The frozen half", FROZEN),
        ("The frozen half, up to 200 trials", LONGER),
        ("The development half", DEVELOPMENT),
    ):
        results_of = _kept_of(matches)
        if results_of:
            parts.append(wins(title, [results for _, results in results_of], OURS))
            parts += [section(wanted.title, results, "###", OURS) for wanted, results in results_of]
    return "\n".join(parts)


def _of_kinds(wanted: Published, results: Results, rivals: Sequence[str]) -> str:
    tables = [wins_by_kind(results, OURS, rival, _kind) for rival in rivals]
    return "\n\n".join([f"## {wanted.title}", *tables, section("All", results, "###", OURS)])


def _judged(results: Results) -> str:
    """The contender whose losses come first."""
    contenders = results.settings.contenders
    return OURS if OURS in contenders else contenders[0]


def _kind(name: str) -> str:
    """The kind of a problem; of another suite, its name."""
    suite = name.partition("/")[0]
    return kinds.kind(name) if suite == "kinds" else suite


def _kept_of(matches: Mapping[str, Published]) -> list[tuple[Published, Results]]:
    """The stored ones of some matches."""
    return [(wanted, unpack(kept(name))) for name, wanted in matches.items() if kept(name).exists()]


def kept(name: str) -> Path:
    """The file of a stored match."""
    return KEPT / f"{name}.json.xz"


def main() -> None:
    """Run, pack or write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["run", "pack", "write"])
    parser.add_argument("matches", nargs="*", metavar="MATCH", help=f"of {', '.join(MATCHES)}")
    parser.add_argument("--jobs", type=int, default=2, help="processes of run (2)")
    options = parser.parse_args()
    names = options.matches or list(MATCHES)
    for name in names:
        if name not in MATCHES:
            parser.error(no_such("match", name, MATCHES))
    match options.what:
        case "run":
            run(names, options.jobs)
        case "pack":
            for name in names:
                pack(MatchFolder(FOLDER / name).read(), kept(name))
        case "write":
            RESULTS.write_text(write(), encoding="utf-8")


if __name__ == "__main__":
    main()
