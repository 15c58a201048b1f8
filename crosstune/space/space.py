"""A search space: named parameters, their conditions, and the reference prior."""

from __future__ import annotations

import hashlib
import json
from collections.abc import ItemsView, Iterator, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np

from crosstune.errors import SpecError, no_such
from crosstune.space.parameters import Parameter, Scalar, parameter
from crosstune.system.scalars import plain

Params: TypeAlias = dict[str, Scalar]
"""The values of the active parameters, by name, parents first."""

MAX_DEPTH = 16
"""Maximum nesting of conditions. Hyperopt's graph grows with a power of it."""


class Space(Mapping[str, Parameter]):
    """The parameters of a spec, in an order in which parents come before their children.

    The order is that of the declaration, except that a parent is moved before its first child.
    Engines draw in this order, so it is part of the space.

    Args:
        parameters: by name, parameters or their mappings in a spec file.

    Raises:
        SpecError: the space is empty, or a condition names a parent that is missing, cannot
            take the value, is a float, or is in a cycle.

    >>> space = Space({
    ...     "optimizer": {"type": "choice", "values": ["sgd", "adam"]},
    ...     "momentum": {"type": "float", "low": 0, "high": 1, "when": {"optimizer": "sgd"}},
    ... })
    >>> space.sample(np.random.default_rng(1))
    {'optimizer': 'sgd', 'momentum': 0.9504...}
    """

    def __init__(self, parameters: Mapping[str, Parameter | Mapping[str, Any]]):
        if not isinstance(parameters, Mapping):
            raise SpecError("a space maps names to parameters")
        if not parameters:
            raise SpecError("the space is empty: there is nothing to tune")
        declared: dict[str, Parameter] = {}
        for name, description in plain(parameters).items():
            if not isinstance(name, str) or not name:
                raise SpecError(f"a parameter's name is a string of a letter or more, not {name!r}")
            try:
                declared[name] = parameter(description)
            except SpecError as error:
                raise error.under(name) from None
        self._parameters = MappingProxyType(
            {name: declared[name] for name in _parents_first(declared)}
        )
        for name in self:
            for parent, values in self[name].parents.items():
                _check_parent_values(name, parent, self[parent], values)
        for name, condition in self.conditions.items():
            for parent, allowed in condition.items():
                if not allowed:
                    raise SpecError(
                        f"{name!r} is never there: its conditions leave no value of {parent!r}",
                        (name, "when"),
                    )

    def __getitem__(self, name: str) -> Parameter:
        return self._parameters[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._parameters)

    def items(self) -> ItemsView[str, Parameter]:
        """Names and parameters, parents first."""
        return self._parameters.items()

    def __len__(self) -> int:
        return len(self._parameters)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Space) and self.fingerprint() == other.fingerprint()

    def __hash__(self) -> int:
        return hash(self.fingerprint())

    def __repr__(self) -> str:
        return f"Space({self.to_dict()!r})"

    def __reduce__(self) -> tuple[object, ...]:
        return Space, (dict(self._parameters),)

    @cached_property
    def compiled(self) -> dict[type, Any]:
        """The space in the form of each library, by the class of its adapter: see `Adapter`."""
        return {}

    @cached_property
    def searched(self) -> dict[str, Parameter]:
        """The parameters that an engine searches: those with more than one value."""
        return {name: p for name, p in self.items() if p.coordinate is not None}

    @cached_property
    def conditions(self) -> dict[str, dict[str, frozenset[float]]]:
        """For each parameter, the coordinates of each searched parent for which it can be active.

        The conditions are complete: parents of parents are included, and parents with a single
        value, which engines do not search, are replaced by their own conditions.
        """
        conditions: dict[str, dict[str, frozenset[float]]] = {}
        for name, item in self.items():
            merged: dict[str, frozenset[float]] = {}
            for parent, values in item.parents.items():
                for ancestor, allowed in conditions[parent].items():
                    merged[ancestor] = merged.get(ancestor, allowed) & allowed
                if parent in self.searched:
                    raw = frozenset(self[parent].encode(value) for value in values)
                    merged[parent] = merged.get(parent, raw) & raw
            conditions[name] = merged
        return conditions

    def is_active(self, name: str, params: Mapping[str, Scalar]) -> bool:
        """Whether a parameter is active, given the values of its parents in `params`."""
        if not self[name].parents:
            return True
        return all(
            parent in params and _typed(params[parent]) in self._allowed[name][parent]
            for parent in self[name].when
        )

    @cached_property
    def _allowed(self) -> dict[str, dict[str, frozenset[tuple[type, Scalar]]]]:
        return {
            name: {
                parent: frozenset(_typed(_converted(self[parent], value)) for value in values)
                for parent, values in item.parents.items()
            }
            for name, item in self.items()
        }

    def sample(self, rng: np.random.Generator) -> Params:
        """Draw one point from the reference prior: the active parameters with their values."""
        params: Params = {}
        for name, item in self.items():
            if self.is_active(name, params):
                params[name] = item.sample(rng)
        return params

    def check_point(self, point: Mapping[str, Any], *, complete: bool = False) -> Params:
        """Check a point, and return its values in the types of the space.

        Args:
            point: values by name.
            complete: whether every active parameter has to be present.

        Raises:
            SpecError: an unknown name, a value outside the range, a parameter that is inactive
                given its parents, or with `complete` one that is missing.
        """
        if not isinstance(point, Mapping):
            raise SpecError(f"a point maps names to values, not {point!r}")
        for name in point:
            if name not in self:
                raise SpecError(no_such("parameter", name, self), (str(name),))
        point = plain(point)
        params: Params = {}
        absent: set[str] = set()
        for name, item in self.items():
            known_inactive = any(
                parent in absent
                or (parent in params and _typed(params[parent]) not in self._allowed[name][parent])
                for parent in item.when
            )
            if known_inactive:
                absent.add(name)
                if name in point:
                    wanted = " and ".join(
                        f"{parent} in {list(values)}" for parent, values in item.parents.items()
                    )
                    raise SpecError(f"{name!r} is only there when {wanted}", (name,))
            elif name in point:
                try:
                    params[name] = item.decode(item.encode(point[name]))
                except SpecError as error:
                    raise error.under(name) from None
            elif complete:
                raise SpecError(f"{name!r} is missing")
        return params

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """The mapping in a spec file."""
        return {name: item.to_dict() for name, item in self.items()}

    def fingerprint(self) -> str:
        """The first 16 hexadecimal digits of the SHA-256 of the space's JSON form.

        Equal for the same parameters in the same order.
        """
        return self._fingerprint

    @cached_property
    def _fingerprint(self) -> str:
        text = json.dumps(self.to_dict(), separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def difference(self, other: Space) -> str:
        """The changes from this space to `other`, one parameter per line; empty if equal."""
        lines = []
        for name in dict.fromkeys([*self, *other]):
            mine = json.dumps(self[name].to_dict()) if name in self else "absent"
            theirs = json.dumps(other[name].to_dict()) if name in other else "absent"
            if mine != theirs:
                lines.append(f"{name}: {mine} -> {theirs}")
        if not lines and self != other:
            lines.append(f"order: {', '.join(self)} -> {', '.join(other)}")
        return "\n".join(lines)


def _converted(item: Parameter, value: Scalar) -> Scalar:
    """A value in the type of the parameter, such as 1 for 1.0."""
    return item.decode(item.encode(value))


def _typed(value: Scalar) -> tuple[type, Scalar]:
    return type(value), value


def _parents_first(declared: Mapping[str, Parameter]) -> list[str]:
    order: dict[str, int] = {}
    """By name, the length of the longest chain of parents."""
    path: list[str] = []

    def visit(name: str) -> None:
        if name in order:
            return
        if name in path:
            cycle = " -> ".join([*path[path.index(name) :], name])
            raise SpecError(f"the conditions run in a circle: {cycle}", (path[-1], "when", name))
        if len(path) > MAX_DEPTH:
            raise _too_deep(name)
        path.append(name)
        for parent in declared[name].when:
            if parent not in declared:
                raise SpecError(no_such("parameter", parent, declared), (name, "when", parent))
            visit(parent)
        path.pop()
        order[name] = 1 + max((order[parent] for parent in declared[name].when), default=-1)
        if order[name] > MAX_DEPTH:
            raise _too_deep(name)

    for name in declared:
        visit(name)
    return list(order)


def _too_deep(name: str) -> SpecError:
    return SpecError(f"the conditions are nested more than {MAX_DEPTH} deep", (name, "when"))


def _check_parent_values(
    name: str, parent: str, item: Parameter, values: tuple[Scalar, ...]
) -> None:
    if not item.can_be_parent:
        raise SpecError(
            f"{parent!r} is a {item.type}. Only a choice, a bool or an int can be a parent",
            (name, "when", parent),
        )
    for value in values:
        if not item.contains(value):
            raise SpecError(f"{parent!r} can never be {value!r}", (name, "when", parent))
