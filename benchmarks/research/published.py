"""The published matches: the engines with all their samplers, and our own on both halves.

python -m crosstune.benchmarks.research.published run      # hours; continues where it was stopped
python -m crosstune.benchmarks.research.published pack     # keeps what it found in results/
python -m crosstune.benchmarks.research.published write    # benchmarks/RESULTS.md from results/
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from crosstune.benchmarks import problems
from crosstune.benchmarks.match.contender import contenders
from crosstune.benchmarks.match.folder import MatchFolder
from crosstune.benchmarks.match.limits import RunLimits
from crosstune.benchmarks.match.match import Match
from crosstune.benchmarks.match.results import Results
from crosstune.benchmarks.problems import kinds
from crosstune.benchmarks.research import halves
from crosstune.benchmarks.research.league import section, wins, wins_by_kind
from crosstune.benchmarks.research.packed import pack, unpack
from crosstune.errors import no_such

HERE = Path(__file__).parent
KEPT = HERE / "results"
RESULTS = HERE.parent / "RESULTS.md"
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


OURS = "crosstune:gp"

TRIAL = f"""# crosstune's own sampler

`{OURS}` was developed on one half of the problems, frozen on {halves.FROZEN}, and then run on the
other half for the first time, under 20 seeds with the quick rivals and fewer with the slow ones.
A cell is the chance that it ends better than the rival on a new seed of a new problem like these,
ties shared, with a 95 % interval from a bootstrap over problems and seeds.
"""


@dataclass(frozen=True)
class Published:
    """One of the matches.

    Attributes:
        names: of the problems, as `halves.get` knows them.
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
RIVALS = (
    *("optuna:tpe", "optuna:tpe-v4", "optuna:cmaes"),
    *("hyperopt:tpe", "hyperopt:anneal", "optuna:random"),
)
"""Whom our own sampler meets under 20 seeds; the slow ones have matches with fewer."""

_TO_200 = tuple(
    f"functions/bbob-{name}"
    for name in ("f3-d10", "f8-d5", "f15-d5", "f20-d3", "f24-d10", "f7-d5", "f22-d2")
)
FROZEN = {
    "half-tables": Published("Tables", halves.TABLES, (OURS, *RIVALS), 20, 100),
    "half-functions": Published("Functions", halves.FUNCTIONS, (OURS, *RIVALS), 20, 100),
    "half-training": Published("Training", halves.TRAINING, (OURS, *RIVALS), 20, 100),
    "half-gp": Published(
        "Optuna's GP",
        (*halves.TABLES, *halves.FUNCTIONS, *halves.TRAINING),
        (OURS, "optuna:gp", "optuna:random"),
        5,
        100,
    ),
    "half-keras": Published(
        "Keras Tuner's Bayesian",
        halves.TABLES,
        (OURS, "keras_tuner:bayesian", "optuna:random"),
        3,
        100,
    ),
    "half-rivals": Published(
        "Tuners from outside",
        (
            *("tables/australian", "functions/bbob-f8-d5"),
            *("tables/cifar10", "functions/bbob-f22-d2", "training/cancer-svm"),
            *("tables/car", "functions/mixint-f10-d5", "functions/bbob-f15-d5"),
            "tables/slice_localization",
        ),
        (
            *(OURS, "smac:smac", "hebo:hebo", "ax:ax", "nevergrad:ngopt", "autosampler:rule"),
            "optuna:random",
        ),
        3,
        30,
    ),
}
"""Our own sampler on the half that it had never seen."""
OF_KINDS = ("optuna:tpe", "hyperopt:tpe", "optuna:random")
KINDS = {
    "kinds": Published("Kinds, frozen half", kinds.FROZEN, (OURS, *OF_KINDS), 8, 60),
    "development-kinds": Published(
        "Kinds, development half", kinds.DEVELOPMENT, (OURS, *OF_KINDS), 8, 60
    ),
}
"""Our own sampler on the problems of seldom judged kinds; the halves follow the rule of `kinds`."""
LONGER = {
    "half-200": Published(
        "Functions, 200 trials",
        _TO_200,
        (OURS, "optuna:gp", "optuna:cmaes", "optuna:random"),
        3,
        200,
    ),
}
DEVELOPMENT = {
    "development-tables": Published("Tables", halves.DEVELOPMENT_TABLES, (OURS, *RIVALS), 20, 100),
    "development-functions": Published(
        "Functions", halves.DEVELOPMENT_FUNCTIONS, (OURS, *RIVALS), 20, 100
    ),
}
"""The same on the half on which it was made."""
ENGINES = {
    "tables": Published("The tables", TABLES, FAST, 20, 100),
    "tables-grid": Published("The tables, grids", TABLES, (*GRIDS, *REFERENCES), 5, 100),
    "tables-gp": Published("The tables, Optuna's GP", TABLES, ("optuna:gp", *REFERENCES), 5, 50),
    "tables-keras": Published(
        "The tables, Keras Tuner's Bayesian", TABLES, ("keras_tuner:bayesian", *REFERENCES), 2, 50
    ),
    "functions": Published("Functions", FUNCTIONS, FAST, 20, 100),
    "training": Published("Real training", TRAINING, FAST, 20, 50),
}
MATCHES = {**ENGINES, **FROZEN, **KINDS, **LONGER, **DEVELOPMENT}


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
    parts.append(TRIAL)
    parts += [_of_kinds(wanted, results) for wanted, results in _kept_of(KINDS)]
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


def _of_kinds(wanted: Published, results: Results) -> str:
    tables = [
        wins_by_kind(results, OURS, rival, kinds.kind) for rival in ("optuna:tpe", "hyperopt:tpe")
    ]
    return "\n\n".join([f"## {wanted.title}", *tables, section("All", results, "###", OURS)])


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
