"""The two halves of the problems by which crosstune's own samplers are judged.

Everything about a sampler was chosen on the development half. Its code was frozen on `FROZEN`; on
the other half it was run for the first time after that.
"""

from __future__ import annotations

from crosstune.benchmarks import problems
from crosstune.benchmarks.problems import functions
from crosstune.benchmarks.problems.base import Problem
from crosstune.benchmarks.research import surrogates

FROZEN = "2026-11-26"
"""The date of the freeze."""
KINDS_FROZEN = "2026-11-29"
"""The date of the freeze before the frozen half of the suite `kinds` was run."""
KINDS_FROZEN_AGAIN = "2026-11-30"
"""The date of the freeze before it was run again."""

DEVELOPMENT_TABLES = tuple(
    f"tables/{name}"
    for name in (
        *("vehicle", "kc1", "segment", "credit_g"),
        *("naval_propulsion", "protein_structure", "cifar100", "imagenet"),
    )
)
DEVELOPMENT_FUNCTIONS = tuple(
    f"functions/{name}"
    for name in (
        *("bbob-f1-d2", "bbob-f6-d5", "bbob-f10-d5", "bbob-f14-d3", "bbob-f17-d10", "bbob-f21-d5"),
        *("mixint-f3-d5", "mixint-f8-d5", "mixint-f15-d10"),
    )
)

TABLES = tuple(name for name in problems.names("tables") if name not in DEVELOPMENT_TABLES)
FUNCTIONS = (
    *(name for name in problems.names("functions") if name not in DEVELOPMENT_FUNCTIONS),
    # With those bbob's other functions, so that each of its 24 is in one half or the other.
    *(f"functions/bbob-{name}" for name in ("f2-d5", "f4-d5", "f5-d10", "f7-d5", "f9-d10")),
    *(f"functions/bbob-{name}" for name in ("f11-d3", "f12-d5", "f16-d2", "f18-d5", "f19-d3")),
    *(f"functions/bbob-{name}" for name in ("f22-d2", "f23-d3")),
)
TRAINING = tuple(
    f"training/{name}"
    for name in ("cancer-svm", "cancer-resampled", "cancer-fragile", "diabetes-explosive")
)
"""None of the training problems was used in the development; these are the quick ones."""


def get(name: str) -> Problem:
    """The problem of a name; any function of COCO's suites has one, and each surrogate.

    Raises:
        UnknownName: there is no such problem.
    """
    suite, _, short = name.partition("/")
    if suite == "surrogates":
        return surrogates.problem(short)
    return functions.problem(short) if suite == "functions" else problems.get(name)
