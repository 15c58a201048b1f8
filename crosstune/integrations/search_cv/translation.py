"""A grid, or distributions, as a space; and its points as parameters of an estimator."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

from optuna.distributions import BaseDistribution, CategoricalDistribution

from crosstune.errors import SpecError
from crosstune.integrations.search_cv.distributions import (
    Quantiles,
    from_optuna,
    from_scipy,
    is_distribution,
)
from crosstune.integrations.search_cv.values import Values
from crosstune.space.parameters import Choice, Parameter, Scalar, parameter
from crosstune.space.parameters.base import shown
from crosstune.space.space import Params, Space


@dataclass(frozen=True)
class Entry:
    """A parameter of the space: the estimator's name for it, and what its values stand for."""

    name: str
    parameter: Parameter
    meaning: Values | Quantiles | None = None


@dataclass(frozen=True)
class Translation:
    """A space, and the way from its points to an estimator's parameters.

    Attributes:
        branch: the parameter that says which of several mappings a point is from, if any.
        branches: how many mappings there are.
    """

    space: Space
    entries: Mapping[str, Entry]
    branch: str | None = None
    branches: int = 1

    @classmethod
    def of(cls, space: Space) -> Translation:
        """A space whose names and values are the estimator's own."""
        return cls(space, {name: Entry(name, item) for name, item in space.items()})

    def decode(self, point: Params) -> dict[str, Any]:
        """What the estimator is given for a point, sorted by name."""
        decoded = {}
        for held, value in point.items():
            if held != self.branch:
                entry = self.entries[held]
                decoded[entry.name] = value if entry.meaning is None else _meant(entry, value)
        return dict(sorted(decoded.items()))

    def derived(self, point: Params) -> dict[str, Any]:
        """The values that a study holds by their quantile only."""
        decoded = self.decode(point)
        held = [self.entries[key] for key in point if key != self.branch]
        names = [entry.name for entry in held if isinstance(entry.meaning, Quantiles)]
        return {name: decoded[name] for name in names}

    @property
    def always(self) -> set[str]:
        """The parameters of the estimator that every point sets."""
        beside = {self.branch} - {None}
        names = [
            entry.name
            for held, entry in self.entries.items()
            if not set(self.space[held].when) - beside
        ]
        return {name for name in names if names.count(name) == self.branches}

    def meanings(self) -> dict[str, Any]:
        """What stands behind the names and quantiles in the study, by parameter."""
        return {
            held: entry.meaning.content
            for held, entry in self.entries.items()
            if entry.meaning is not None and entry.meaning.content is not None
        }

    @property
    def points(self) -> float:
        """How many points there are; infinite where a parameter is no list."""
        if not self._all_lists:
            return math.inf
        if self.branch is None:
            return math.prod(map(self._count, self.entries))
        return sum(
            math.prod(
                self._count(held)
                for held in self.entries
                if number in self.space[held].parents[self.branch]
            )
            for number in range(self.branches)
        )

    @property
    def weighted(self) -> bool:
        """Whether a value is in its list more than once, which gives it higher odds."""
        return any(getattr(item, "weights", None) for item in self.space.values())

    def _count(self, held: str) -> int:
        meaning = self.entries[held].meaning
        return len(meaning) if isinstance(meaning, Values) else 0

    @property
    def _all_lists(self) -> bool:
        return all(isinstance(entry.meaning, Values) for entry in self.entries.values())

    def place(self, point: Params) -> tuple[int, ...] | None:
        """Where a point stands in the order of `ParameterGrid`; None where there is no grid."""
        if not self._all_lists:
            return None
        named = sorted((self.entries[held].name, held) for held in point if held != self.branch)
        branch = [int(point[self.branch])] if self.branch else []  # type: ignore[arg-type]
        places = [
            self.entries[held].meaning.position(point[held])  # type: ignore[union-attr]
            for _, held in named
        ]
        return (*branch, *places)


QUANTILE = " (quantile)"


def translate(given: Any, *, lists_only: bool = False) -> Translation:
    """The space of a `param_grid` or `param_distributions`.

    Args:
        given: names to lists, distributions of scipy.stats or Optuna, or parameters of
            crosstune; or a list of such mappings, each a branch with even odds.
        lists_only: whether it is a grid.

    Raises:
        SpecError: it is none of these.
    """
    branches = [given] if isinstance(given, Mapping) else given
    if isinstance(branches, str) or not isinstance(branches, Sequence) or not branches:
        raise SpecError(f"a mapping of names to values, or a list of them, not {shown(given)}")
    for branch in branches:
        if not isinstance(branch, Mapping):
            raise SpecError(f"a mapping of names to values is needed, not {shown(branch)}")
    read = [_entries(branch, lists_only) for branch in branches]
    if len(read) == 1 and read[0]:
        entries = {_held(entry): entry for entry in read[0]}
        return Translation(Space({held: e.parameter for held, e in entries.items()}), entries)
    return _branched(read)


def _branched(read: list[list[Entry]]) -> Translation:
    """One space of several mappings: a choice of the branch, and what each has under it."""
    names = {entry.name for entries in read for entry in entries}
    branch = "branch"
    while branch in names:
        branch += "_"
    parameters: dict[str, Parameter] = {branch: Choice(list(range(len(read))))}
    found: dict[str, Entry] = {}
    for number, entries in enumerate(read):
        shared = {entry.name for other in read if other is not entries for entry in other}
        renamed = {
            entry.name: f"{_held(entry)} [{number}]" if entry.name in shared else _held(entry)
            for entry in entries
        }
        for entry in entries:
            when = {renamed.get(parent, parent): v for parent, v in entry.parameter.when.items()}
            held = renamed[entry.name]
            parameters[held] = replace(entry.parameter, when={**when, branch: number})
            found[held] = entry
    return Translation(Space(parameters), found, branch, len(read))


def _entries(branch: Mapping[Any, Any], lists_only: bool) -> list[Entry]:
    for name in branch:
        if not isinstance(name, str) or not name:
            raise SpecError(f"a parameter's name is a string of a letter or more, not {name!r}")
    return [_entry(name, value, lists_only) for name, value in branch.items()]


def _entry(name: str, given: Any, lists_only: bool) -> Entry:
    if isinstance(given, CategoricalDistribution):
        given = list(given.choices)
    no_list = isinstance(given, Parameter | Mapping | BaseDistribution) or is_distribution(given)
    if lists_only and no_list:
        raise SpecError(
            f"a grid is made of lists of values, not of {type(given).__name__}. Distributions "
            "stand in param_distributions",
            (name,),
        )
    if isinstance(given, Parameter | Mapping):
        try:
            return Entry(name, deepcopy(parameter(given)))
        except SpecError as error:
            raise error.under(name) from None
    if isinstance(given, BaseDistribution):
        return Entry(name, from_optuna(given, name))
    meaning: Values | Quantiles
    if is_distribution(given):
        found = from_scipy(given, name)
        if isinstance(found, Parameter):
            return Entry(name, found)
        meaning = found
    else:
        meaning = Values(given, name)
    return Entry(name, meaning.parameter, meaning)


def _held(entry: Entry) -> str:
    """The name in the study, which says where it holds something else than the value."""
    return entry.name + QUANTILE if isinstance(entry.meaning, Quantiles) else entry.name


def _meant(entry: Entry, value: Scalar) -> Any:
    assert entry.meaning is not None
    return entry.meaning(value)  # type: ignore[arg-type]
