"""Translates a grid or distributions to a space, and its points back to an estimator."""

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
class TranslatedParameter:
    """A parameter of the space, with the estimator's name and the meaning of its values."""

    name: str
    parameter: Parameter
    meaning: Values | Quantiles | None = None


@dataclass(frozen=True)
class Translation:
    """A space, and how its points translate to parameters of an estimator.

    Attributes:
        entries: the parameters by their name in the space, without `branch`.
        branch: the parameter that selects one of several mappings, if any.
        branches: the number of mappings.
    """

    space: Space
    entries: Mapping[str, TranslatedParameter]
    branch: str | None = None
    branches: int = 1

    @classmethod
    def of(cls, space: Space) -> Translation:
        """A space with the names and values of the estimator."""
        return cls(space, {name: TranslatedParameter(name, item) for name, item in space.items()})

    def decode(self, point: Params) -> dict[str, Any]:
        """The parameters of the estimator for a point, sorted by name."""
        decoded = {}
        for key, value in point.items():
            if key != self.branch:
                entry = self.entries[key]
                decoded[entry.name] = value if entry.meaning is None else _meant(entry, value)
        return dict(sorted(decoded.items()))

    def derived(self, point: Params) -> dict[str, Any]:
        """The values whose quantiles the study stores."""
        decoded = self.decode(point)
        entries = [self.entries[key] for key in point if key != self.branch]
        names = [entry.name for entry in entries if isinstance(entry.meaning, Quantiles)]
        return {name: decoded[name] for name in names}

    @property
    def always(self) -> set[str]:
        """The parameters of the estimator that every point sets."""
        beside = {self.branch} - {None}
        names = [
            entry.name
            for key, entry in self.entries.items()
            if not set(self.space[key].when) - beside
        ]
        return {name for name in names if names.count(name) == self.branches}

    def meanings(self) -> dict[str, Any]:
        """The values behind the names and quantiles in the study, by parameter."""
        return {
            key: entry.meaning.content
            for key, entry in self.entries.items()
            if entry.meaning is not None and entry.meaning.content is not None
        }

    @property
    def points(self) -> float:
        """The number of points; infinite unless every parameter is a list."""
        if not self._all_lists:
            return math.inf
        if self.branch is None:
            return math.prod(map(self._count, self.entries))
        return sum(
            math.prod(
                self._count(key)
                for key in self.entries
                if number in self.space[key].parents[self.branch]
            )
            for number in range(self.branches)
        )

    @property
    def weighted(self) -> bool:
        """True if a list repeats a value, which makes it more likely."""
        return any(getattr(item, "weights", None) for item in self.space.values())

    def _count(self, key: str) -> int:
        meaning = self.entries[key].meaning
        return len(meaning) if isinstance(meaning, Values) else 0

    @property
    def _all_lists(self) -> bool:
        return all(isinstance(entry.meaning, Values) for entry in self.entries.values())

    def place(self, point: Params) -> tuple[int, ...] | None:
        """Sort key of a point in the order of `ParameterGrid`; None if the space is no grid."""
        if not self._all_lists:
            return None
        named = sorted((self.entries[key].name, key) for key in point if key != self.branch)
        branch = [int(point[self.branch])] if self.branch else []  # type: ignore[arg-type]
        places = [
            self.entries[key].meaning.position(point[key])  # type: ignore[union-attr]
            for _, key in named
        ]
        return (*branch, *places)


QUANTILE = " (quantile)"


def translate(grid: Any, *, lists_only: bool = False) -> Translation:
    """Translate a `param_grid` or `param_distributions`.

    Args:
        grid: names to lists, distributions of scipy.stats or Optuna, or parameters of
            crosstune; or a list of such mappings, equally likely branches.
        lists_only: refuse everything but lists.

    Raises:
        SpecError: `grid` is none of these.
    """
    branches = [grid] if isinstance(grid, Mapping) else grid
    if isinstance(branches, str) or not isinstance(branches, Sequence) or not branches:
        raise SpecError(f"a mapping of names to values, or a list of them, not {shown(grid)}")
    for branch in branches:
        if not isinstance(branch, Mapping):
            raise SpecError(f"a mapping of names to values is needed, not {shown(branch)}")
    read = [_entries(branch, lists_only) for branch in branches]
    if len(read) == 1 and read[0]:
        entries = {_key(entry): entry for entry in read[0]}
        return Translation(Space({key: e.parameter for key, e in entries.items()}), entries)
    return _branched(read)


def _branched(read: list[list[TranslatedParameter]]) -> Translation:
    """One space of several mappings: a choice of the branch, and the parameters of each."""
    names = {entry.name for entries in read for entry in entries}
    branch = "branch"
    while branch in names:
        branch += "_"
    parameters: dict[str, Parameter] = {branch: Choice(list(range(len(read))))}
    translated: dict[str, TranslatedParameter] = {}
    for number, entries in enumerate(read):
        shared = {entry.name for other in read if other is not entries for entry in other}
        renamed = {
            entry.name: f"{_key(entry)} [{number}]" if entry.name in shared else _key(entry)
            for entry in entries
        }
        for entry in entries:
            when = {renamed.get(parent, parent): v for parent, v in entry.parameter.when.items()}
            key = renamed[entry.name]
            parameters[key] = replace(entry.parameter, when={**when, branch: number})
            translated[key] = entry
    return Translation(Space(parameters), translated, branch, len(read))


def _entries(branch: Mapping[Any, Any], lists_only: bool) -> list[TranslatedParameter]:
    for name in branch:
        if not isinstance(name, str) or not name:
            raise SpecError(f"a parameter's name is a string of a letter or more, not {name!r}")
    return [_entry(name, value, lists_only) for name, value in branch.items()]


def _entry(name: str, values: Any, lists_only: bool) -> TranslatedParameter:
    if isinstance(values, CategoricalDistribution):
        values = list(values.choices)
    no_list = isinstance(values, Parameter | Mapping | BaseDistribution) or is_distribution(values)
    if lists_only and no_list:
        raise SpecError(
            f"a grid is made of lists of values, not of {type(values).__name__}. Distributions "
            "stand in param_distributions",
            (name,),
        )
    if isinstance(values, Parameter | Mapping):
        try:
            return TranslatedParameter(name, deepcopy(parameter(values)))
        except SpecError as error:
            raise error.under(name) from None
    if isinstance(values, BaseDistribution):
        return TranslatedParameter(name, from_optuna(values, name))
    meaning: Values | Quantiles
    if is_distribution(values):
        converted = from_scipy(values, name)
        if isinstance(converted, Parameter):
            return TranslatedParameter(name, converted)
        meaning = converted
    else:
        meaning = Values(values, name)
    return TranslatedParameter(name, meaning.parameter, meaning)


def _key(entry: TranslatedParameter) -> str:
    """The name in the study, with a suffix if the study stores a quantile."""
    return entry.name + QUANTILE if isinstance(entry.meaning, Quantiles) else entry.name


def _meant(entry: TranslatedParameter, value: Scalar) -> Any:
    assert entry.meaning is not None
    return entry.meaning(value)  # type: ignore[arg-type]
