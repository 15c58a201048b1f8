"""Problems of the kinds on which samplers are seldom judged, one file per kind.

Half or more of them are real trainings with scikit-learn on its bundled data or on data drawn with
a fixed seed. The others are drawn functions. Each objective is `score(params, trial=None)` and
depends only on the parameters and, in the kind `noisy`, on the trial's seed.

The freeze rule: within a kind, the problems are sorted by the SHA-256 of their full name, such as
``kinds/opening-cancer-network``. The first four are for development. The other four are frozen: no
sampler may be tuned on them, and they are run once, after the sampler's code was frozen. The rule
was written before any sampler had run on any of these problems.
"""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Iterable, Mapping

from crosstune.benchmarks.problems.base import Problem
from crosstune.benchmarks.problems.kinds.definition import Definition
from crosstune.errors import UnknownName, no_such
from crosstune.spec.spec import Spec
from crosstune.system.extras import needing

_KINDS: Mapping[str, tuple[str, ...]] = {
    "conditional": (
        *("digits-pipeline", "cancer-two", "diabetes-four", "friedman-features"),
        *("wine-nested", "classes-forest", "drawn-lopsided", "drawn-decoys"),
    ),
    "opening": (
        *("friedman-kernel", "diabetes-stopping", "diabetes-dart", "cancer-network"),
        *("wine-reduction", "classes-penalty", "drawn-twice", "drawn-options"),
    ),
    "wide": (
        *("friedman-metric", "diabetes-ridge", "digits-groups", "cancer-votes"),
        *("classes-exponents", "drawn-interactions", "drawn-mixed", "drawn-sixty"),
    ),
    "switches": (
        *("cancer-columns", "diabetes-products", "digits-patches", "classes-bayes"),
        *("wine-steps", "drawn-knapsack", "drawn-clauses", "drawn-cut"),
    ),
    "noisy": (
        *("weak-friedman", "weak-cancer", "medium-digits", "medium-diabetes"),
        *("medium-drawn", "strong-diabetes", "strong-classes", "strong-drawn"),
    ),
    "counted": (
        *("iris-neighbours", "cancer-tree", "digits-ridge", "wine-machine"),
        *("classes-machine", "diabetes-within", "friedman-rounded", "drawn-violations"),
    ),
    "batches": (
        *("digits-kernel", "cancer-network", "diabetes-boosting", "friedman-branches"),
        *("wine-smoother", "classes-columns", "drawn-valley", "drawn-peaks"),
    ),
    "failing": (
        *("digits-memory", "cancer-components", "diabetes-diverged", "friedman-trees"),
        *("classes-folds", "wine-solver", "drawn-holes", "drawn-border"),
    ),
    "edges": (
        *("digits-neighbours", "cancer-logistic", "diabetes-descent", "friedman-machine"),
        *("classes-boosting", "wine-network", "drawn-corner", "drawn-levels"),
    ),
}
"""By kind, which is also the module here, the names of its problems."""

KINDS = tuple(_KINDS)
"""What the problems of a kind have in common: see the docstring of its module."""

NAMES = tuple(f"{kind}-{name}" for kind, names in _KINDS.items() for name in names)

DEVELOPING = 4
"""The number of problems of a kind that are for development."""


def kind(name: str) -> str:
    """The kind of a problem.

    Args:
        name: with or without the suite, such as ``kinds/opening-cancer-network``.

    Raises:
        UnknownName: there is no such problem.

    >>> kind("kinds/opening-cancer-network")
    'opening'
    """
    short = name.removeprefix("kinds/")
    if short not in NAMES:
        raise UnknownName(no_such("problem", name, NAMES))
    return short.partition("-")[0]


def problem(name: str) -> Problem:
    """The problem of a name of `NAMES`.

    Raises:
        MissingLibrary: scikit-learn is not installed.

    >>> problem("opening-cancer-network").kind
    'opening'
    """
    home, _, short = name.partition("-")
    with needing("the suite of kinds of problems", "crosstune[problems]", "sklearn", "scipy"):
        module = importlib.import_module(f"crosstune.benchmarks.problems.kinds.{home}")
    definition: Definition = module.PROBLEMS[short]
    full = f"kinds/{name}"
    return Problem(
        full,
        Spec(name=full, space=definition.space, metric=definition.metric),
        definition.objective,
        optimum=definition.optimum,
        kind=home,
        batch=definition.batch,
        truth=definition.truth,
    )


def halves(names: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The problems for development and the frozen ones, by the freeze rule.

    Args:
        names: full names of all problems of one kind.
    """
    ranked = sorted(names, key=lambda name: hashlib.sha256(name.encode()).hexdigest())
    return tuple(ranked[:DEVELOPING]), tuple(ranked[DEVELOPING:])


_HALVES = [halves(f"kinds/{kind}-{name}" for name in names) for kind, names in _KINDS.items()]

DEVELOPMENT = tuple(name for development, _ in _HALVES for name in development)
"""The full names of the problems on which samplers may be developed, by kind."""

FROZEN = tuple(name for _, frozen in _HALVES for name in frozen)
"""The full names of the problems on which no sampler may be tuned, by kind."""
