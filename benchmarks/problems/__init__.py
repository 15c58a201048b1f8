"""The problems of a match: suites, and any spec.

    from crosstune.benchmarks import problems

    problem = problems.get("tables/vehicle")

A suite is a module beside this file with two names: `NAMES`, its problems, and `problem(name)`,
which builds one. Other libraries are imported on first use.
"""

from __future__ import annotations

import importlib
from types import ModuleType

from crosstune.benchmarks.problems.base import Problem
from crosstune.errors import UnknownName, no_such

__all__ = ["SUITES", "Problem", "get", "names", "suite"]

SUITES = ("tables", "functions", "training", "kinds", "fronts")
"""Recorded tunings, functions with a known optimum, real training, problems by kind, and problems
with two metrics or with constraints."""


def names(suite: str | None = None) -> list[str]:
    """The names of the problems of one suite, or of all, in the order of display.

    Raises:
        UnknownName: there is no such suite.

    >>> names("tables")[0]
    'tables/car'
    """
    chosen = SUITES if suite is None else (suite,)
    return [f"{suite_name}/{name}" for suite_name in chosen for name in _module(suite_name).NAMES]


def get(name: str) -> Problem:
    """The problem of a name such as ``tables/vehicle``.

    Building one of a suite may load its data, once per process.

    Raises:
        UnknownName: there is no such problem.
        MissingLibrary: its suite needs a library that is not installed.

    >>> get("tables/vehicle").metric
    'val_acc'
    """
    if name not in names():
        raise UnknownName(no_such("problem", name, names()))
    suite, _, short = name.partition("/")
    built: Problem = _module(suite).problem(short)
    return built


def suite(name: str) -> list[Problem]:
    """The problems of a suite, in the order of `names`.

    Raises:
        UnknownName: there is no such suite.
        MissingLibrary: it needs a library that is not installed.

    >>> [problem.name for problem in suite("tables")][-1]
    'tables/imagenet'
    """
    return [get(full_name) for full_name in names(name)]


def _module(suite: str) -> ModuleType:
    if suite not in SUITES:
        raise UnknownName(no_such("suite", suite, SUITES))
    return importlib.import_module(f"crosstune.benchmarks.problems.{suite}")
