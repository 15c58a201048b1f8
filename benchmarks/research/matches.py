"""Which matches are published: their problems, contenders, seeds and trials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crosstune.benchmarks import problems
from crosstune.benchmarks.problems import kinds
from crosstune.benchmarks.research import halves

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

OURS = "crosstune:gp"


@dataclass(frozen=True)
class Published:
    """One of the matches.

    Attributes:
        names: of the problems, as `halves.get` knows them.
        trials: of each run; the seeds are 0 to seeds - 1.
    """

    title: str
    names: Sequence[str]
    contenders: Sequence[str | Mapping[str, Any]]
    seeds: int
    trials: int


def _variant(label: str, **options: Any) -> dict[str, Any]:
    """Our own sampler with options, as a contender."""
    return {"label": label, "backend": "crosstune", "sampler": {"name": "gp", **options}}


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
FIRST = _variant("without plain", without=["plain"])
"""The sampler as it ran on the frozen half of the kinds for the first time."""
KINDS = {
    "kinds": Published("Kinds, frozen half", kinds.FROZEN, (OURS, FIRST, *OF_KINDS), 8, 60),
}
"""Our own sampler on the problems of seldom judged kinds; the halves follow the rule of `kinds`."""
_AROUND = (
    *("tables/car", "tables/australian"),
    *("functions/bbob-f15-d5", "functions/mixint-f10-d5"),
)
KINDS_OUTSIDE = {
    "kinds-ax": Published(
        "Ax on the kinds", (*kinds.FROZEN, *_AROUND), (OURS, "ax:ax", "optuna:random"), 3, 25
    ),
    "kinds-hebo": Published(
        "HEBO on the kinds",
        (*kinds.FROZEN[::4], "tables/australian", "functions/bbob-f15-d5", _AROUND[-1]),
        (OURS, "hebo:hebo", "optuna:random"),
        1,
        25,
    ),
}
"""The slow ones from outside, on the frozen half and on problems of the older suites.

A run of theirs takes a minute or more, so they have few seeds.
"""
MECHANISMS = ("additive", "edges", "hedge")
BEFORE = _variant("crosstune:gp before", startup=4, without=list(MECHANISMS))
"""The sampler as it was frozen on 2026-11-26."""
ABLATION = {
    "ablation": Published(
        "Without a mechanism",
        kinds.FROZEN,
        (
            OURS,
            *(_variant(f"without {name}", without=[name]) for name in MECHANISMS),
            FIRST,
            BEFORE,
            "optuna:random",
        ),
        4,
        60,
    )
}
"""Each mechanism switched off, on problems and seeds that chose nothing."""
NOT_LOST = {
    "not-lost": Published(
        "Tables, functions and trainings, now and before",
        (*halves.TABLES, *halves.FUNCTIONS, *halves.TRAINING),
        (
            OURS,
            BEFORE,
            "optuna:tpe",
            "optuna:random",
        ),
        12,
        60,
    )
}
"""What the mechanisms cost where the sampler was strong before."""
_SURROGATES = (
    *(f"lcbench-{task}" for task in (3945, 34539, 126029, 167152, 167168)),
    *(f"lcbench-{task}" for task in (167184, 167190, 167201, 168330)),
    *(f"rbv2_rpart-{task}" for task in (6, 28, 54, 375, 1056, 1468, 1493)),
    *(f"rbv2_rpart-{task}" for task in (4534, 40536, 40978, 41142, 41164)),
    *(f"iaml_glmnet-{task}" for task in (1067, 1489, 40981, 41146)),
)
SURROGATES = {
    "surrogates": Published(
        "Surrogates of real tuning runs",
        tuple(f"surrogates/{name}" for name in _SURROGATES),
        (
            OURS,
            BEFORE,
            *("optuna:tpe", "hyperopt:tpe", "optuna:random"),
        ),
        12,
        60,
    )
}
"""Chosen by their place in the lists of `surrogates`, before any of them was run."""
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
FRONT_CONTENDERS = (
    *(f"optuna:{name}" for name in ("tpe", "nsga2", "nsga3", "qmc", "random")),
    *(f"hyperopt:{name}" for name in ("tpe", "anneal", "mix", "rand")),
    *("keras_tuner:random", OURS),
)
"""Every sampler that takes several metrics and constraints, natively or by scalarisation."""
FRONT_PROBLEMS = (
    *problems.names("fronts"),
    *(f"surrogates/front-{task}" for task in (3, 14, 22, 29, 38, 50)),
)
FRONTS = {
    "fronts": Published(
        "Several metrics, and constraints", FRONT_PROBLEMS[:-6], FRONT_CONTENDERS, 10, 60
    ),
    "fronts-surrogates": Published(
        "Accuracy, training time and memory", FRONT_PROBLEMS[-6:], FRONT_CONTENDERS, 10, 60
    ),
    "fronts-gp": Published(
        "Several metrics, and constraints: Optuna's GP",
        tuple(name for i, name in enumerate(problems.names("fronts")) if i % 3),
        ("optuna:gp", "optuna:tpe", "optuna:random"),
        3,
        60,
    ),
    "fronts-keras": Published(
        "Several metrics, and constraints: Keras Tuner's Bayesian",
        FRONT_PROBLEMS[::3],
        ("keras_tuner:bayesian", "optuna:tpe", "optuna:random"),
        10,
        60,
    ),
}
MATCHES = {
    **ENGINES,
    **FROZEN,
    **KINDS,
    **KINDS_OUTSIDE,
    **ABLATION,
    **NOT_LOST,
    **SURROGATES,
    **LONGER,
    **DEVELOPMENT,
    **FRONTS,
}
