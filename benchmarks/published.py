"""The published match: the engines with all their samplers, on the suites.

python -m crosstune.benchmarks.published run      # hours; goes on where it was stopped
python -m crosstune.benchmarks.published pack     # keeps what it found in benchmarks/results/
python -m crosstune.benchmarks.published write    # benchmarks/RESULTS.md, from what is kept
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from crosstune.benchmarks import problems
from crosstune.benchmarks.league import section
from crosstune.benchmarks.match.contender import contenders
from crosstune.benchmarks.match.folder import MatchFolder
from crosstune.benchmarks.match.limits import Limits
from crosstune.benchmarks.match.match import Match
from crosstune.benchmarks.match.packed import pack, unpack
from crosstune.errors import no_such

HERE = Path(__file__).parent
KEPT = HERE / "results"
RESULTS = HERE / "RESULTS.md"
FOLDER = Path("runs") / "published"

OPTUNA = ("tpe", "tpe-v4", "cmaes", "nsga2", "qmc", "random")
HYPEROPT = ("tpe", "rand", "anneal", "mix")
FAST = (
    *(f"optuna:{name}" for name in OPTUNA),
    *(f"hyperopt:{name}" for name in HYPEROPT),
    "keras_tuner:random",
)
"""Every sampler that proposes within some milliseconds."""

REFERENCES = ("optuna:tpe", "hyperopt:tpe", "optuna:random")
"""They take part in the matches of the slow ones."""


INTRODUCTION = """# Results

Written by `python -m crosstune.benchmarks.published write` from what is kept in
`benchmarks/results/`; `run` carries the matches out again.

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


@dataclass(frozen=True)
class Published:
    """One of the matches.

    Attributes:
        names: of the problems.
        trials: of each run; the seeds are 0 to seeds - 1.
    """

    title: str
    names: Sequence[str]
    contenders: Sequence[str]
    seeds: int
    trials: int


FUNCTIONS = (
    *(f"functions/bbob-{name}" for name in ("f3-d10", "f8-d5", "f10-d5", "f15-d5", "f21-d5")),
    *(f"functions/mixint-{name}" for name in ("f3-d5", "f8-d5", "f10-d5", "f15-d10")),
)
TRAINING = tuple(
    f"training/{name}"
    for name in ("cancer-svm", "cancer-resampled", "cancer-fragile", "diabetes-explosive")
)
TABLES = tuple(problems.names("tables"))
GRIDS = ("optuna:grid", "hyperopt:grid", "keras_tuner:grid")
MATCHES = {
    "tables": Published("The tables", TABLES, FAST, 20, 100),
    "tables-grid": Published("The tables, grids", TABLES, (*GRIDS, *REFERENCES), 5, 100),
    "tables-gp": Published("The tables, Optuna's GP", TABLES, ("optuna:gp", *REFERENCES), 5, 50),
    "tables-keras": Published(
        "The tables, Keras Tuner's Bayesian", TABLES, ("keras_tuner:bayesian", *REFERENCES), 2, 50
    ),
    "functions": Published("Functions", FUNCTIONS, FAST, 10, 100),
    "training": Published("Real training", TRAINING, FAST, 10, 50),
}


def run(names: Sequence[str], jobs: int) -> None:
    """Carry the matches out, or what is left of them."""
    for name in names:
        wanted = MATCHES[name]
        match = Match(
            tuple(problems.get(each) for each in wanted.names),
            contenders(wanted.contenders),
            Limits(trials=wanted.trials),
            command=f"python -m crosstune.benchmarks.published run {name}",
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
    """The page, from what is kept."""
    parts = [INTRODUCTION]
    for name, wanted in MATCHES.items():
        path = kept(name)
        if path.exists():
            parts.append(section(wanted.title, unpack(path)))
    return "\n".join(parts)


def kept(name: str) -> Path:
    """Where a match is kept."""
    return KEPT / f"{name}.json.xz"


def main() -> None:
    """Run, pack or write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["run", "pack", "write"])
    parser.add_argument("matches", nargs="*", metavar="MATCH", help=f"of {', '.join(MATCHES)}")
    parser.add_argument("--jobs", type=int, default=2, help="processes of run (2)")
    given = parser.parse_args()
    names = given.matches or list(MATCHES)
    for name in names:
        if name not in MATCHES:
            parser.error(no_such("match", name, MATCHES))
    match given.what:
        case "run":
            run(names, given.jobs)
        case "pack":
            for name in names:
                pack(MatchFolder(FOLDER / name).read(), kept(name))
        case "write":
            RESULTS.write_text(write(), encoding="utf-8")


if __name__ == "__main__":
    main()
