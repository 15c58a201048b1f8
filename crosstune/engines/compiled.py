"""Compiled spaces that remember where they came from, and conditions read from native ones."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from crosstune.errors import Unsupported
from crosstune.space.parameters import Scalar
from crosstune.space.space import Space


class Compiled(dict[str, Any]):
    """A plain dictionary to the library, which also knows what it was compiled from, and how.

    A native object cannot tell an index from an integer, nor does every one hold the order or
    the conditions of a space. So `Adapter.read` returns `space` as long as compiling that gives
    the same native object; change anything, or copy it with ``dict(...)``, and what it holds is
    read instead.
    """

    space: Space
    mode: str

    def __init__(self, native: Mapping[str, Any], space: Space, mode: str):
        super().__init__(native)
        self.space = space
        self.mode = mode

    def __reduce__(self) -> tuple[Any, ...]:
        return Compiled, (dict(self), self.space, self.mode)


Condition: TypeAlias = dict[str, frozenset[float]]
"""For each parent, the raw values for which a parameter is active."""

MAX_WAYS = 4096
"""In how many ways a parameter may be reached before they are given up."""


def merged(name: str, ways: Iterable[Condition], ranges: Condition) -> Condition:
    """Several ways to a parameter as one condition, in which all parents have to agree.

    Args:
        name: of the parameter, for the message.
        ways: the conditions of which one has to hold; an empty one always does.
        ranges: all the raw values of each parent.

    Raises:
        Unsupported: no AND of parents says the same.
    """
    boxes = {frozenset(way.items()) for way in ways}
    if len(boxes) == 1:
        (box,) = boxes
        return {parent: held for parent, held in box if not held >= ranges[parent]}
    found: set[frozenset[tuple[str, float]]] = set()
    for box in boxes:
        if math.prod(len(held) for _, held in box) + len(found) > MAX_WAYS:
            raise Unsupported(f"{name!r} is reached in more than {MAX_WAYS} ways")
        parents = [parent for parent, _ in box]
        for values in itertools.product(*(held for _, held in box)):
            found.add(frozenset(zip(parents, values, strict=True)))
    found = _without_irrelevant(found, ranges)
    condition: Condition = {}
    for parent in sorted({key for way in found for key, _ in way}):
        condition[parent] = frozenset(v for way in found for key, v in way if key == parent)
    combinations = math.prod(len(values) for values in condition.values())
    if combinations != len(found) or any(len(way) != len(condition) for way in found):
        text = " or ".join(
            sorted(" and ".join(f"{k} is at {v:g}" for k, v in sorted(way)) for way in found)
        )
        raise Unsupported(
            f"{name!r} is there when {text}, which is no AND of parents. Give each way a "
            "parameter of its own name"
        )
    return condition


def _without_irrelevant(
    found: set[frozenset[tuple[str, float]]], ranges: Condition
) -> set[frozenset[tuple[str, float]]]:
    """Ways that others include are left out, and so is a parent all of whose values do."""
    while True:
        if len({frozenset(key for key, _ in way) for way in found}) > 1:
            found = {way for way in found if not any(other < way for other in found)}
        for parent in {key for way in found for key, _ in way}:
            rests: dict[frozenset[tuple[str, float]], set[float]] = {}
            for way in found:
                held = dict(way)
                if parent in held:
                    value = held.pop(parent)
                    rests.setdefault(frozenset(held.items()), set()).add(value)
            full = {rest for rest, values in rests.items() if values >= ranges[parent]}
            if full:
                found = found | full
                break
        else:
            return found


def closed(conditions: Mapping[str, Condition]) -> dict[str, Condition]:
    """Each condition with those of its parents, which a native space need not repeat."""
    found: dict[str, Condition] = {}

    def close(name: str, seen: tuple[str, ...] = ()) -> Condition:
        if name not in found and name not in seen:
            merged_in = dict(conditions[name])
            for parent in conditions[name]:
                for ancestor, held in close(parent, (*seen, name)).items():
                    merged_in[ancestor] = merged_in.get(ancestor, held) & held
            found[name] = merged_in
        return found.get(name, {})

    for name in conditions:
        close(name)
    return found


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


def when(
    condition: Condition, parents: Iterable[str], value: Callable[[str, float], Scalar]
) -> dict[str, Any]:
    """The condition as a spec has it: parents as declared, values in the parent's order."""
    return {
        parent: [value(parent, raw) for raw in sorted(condition[parent])]
        for parent in parents
        if parent in condition
    }
