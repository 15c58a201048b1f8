"""Compiled spaces that remember where they came from, and conditions read from native ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from crosstune.errors import Unsupported
from crosstune.parameters import Parameter
from crosstune.space import Space


class Compiled(dict[str, Any]):
    """A plain dictionary to the library, which also knows the space that it was compiled from.

    A native object cannot tell an index from an integer, nor a quantile from a number. So
    `Adapter.read` returns `space` as long as compiling that gives the same native object; change
    anything, or copy it with ``dict(...)``, and what it holds is read instead.
    """

    space: Space

    def __init__(self, native: Mapping[str, Any], space: Space):
        super().__init__(native)
        self.space = space

    def __reduce__(self) -> tuple[Any, ...]:
        return Compiled, (dict(self), self.space)


Condition = dict[str, frozenset[float]]
"""For each parent, the coordinates for which a parameter is active."""


def merged(
    name: str, paths: Iterable[Mapping[str, float]], ranges: Mapping[str, frozenset[float]]
) -> Condition:
    """Several ways to a parameter as one condition; all parents have to agree.

    Args:
        name: of the parameter, for the message.
        paths: each a parent's coordinate by parent; an empty one means always.
        ranges: all the coordinates of each parent.

    Raises:
        Unsupported: no AND of parents says the same.
    """
    found = {frozenset(path.items()) for path in paths}
    changed = True
    while changed:
        found = {path for path in found if not any(other < path for other in found)}
        changed = False
        for parent in {key for path in found for key, _ in path}:
            # All values of a parent, with the same rest, make the parent irrelevant.
            rests: dict[frozenset[Any], set[float]] = {}
            for path in found:
                held = dict(path)
                if parent in held:
                    value = held.pop(parent)
                    rests.setdefault(frozenset(held.items()), set()).add(value)
            full = [rest for rest, values in rests.items() if values >= ranges[parent]]
            if full:
                found |= set(full)
                changed = True
                break
    parents = {key for path in found for key, _ in path}
    condition = {
        parent: frozenset(value for path in found for key, value in path if key == parent)
        for parent in parents
    }
    combinations = 1
    for values in condition.values():
        combinations *= len(values)
    if combinations != len(found) or any(len(path) != len(parents) for path in found):
        ways = " or ".join(
            sorted(" and ".join(f"{k} is at {v:g}" for k, v in sorted(path)) for path in found)
        )
        raise Unsupported(
            f"{name!r} is there when {ways}, which is no AND of parents. Give each way a "
            "parameter of its own name"
        )
    return condition


def minimal(conditions: Mapping[str, Condition]) -> dict[str, Condition]:
    """The conditions without the parents that other parents imply."""
    return {
        name: {
            parent: values
            for parent, values in condition.items()
            if not any(
                parent in conditions[other] and conditions[other][parent] <= values
                for other in condition
                if other != parent
            )
        }
        for name, condition in conditions.items()
    }


def when(condition: Condition, parents: Mapping[str, Parameter]) -> dict[str, Any]:
    """The condition as a spec has it: parents as declared, values in the parent's order."""
    return {
        parent: [item.decode(raw) for raw in sorted(condition[parent])]
        for parent, item in parents.items()
        if parent in condition
    }
