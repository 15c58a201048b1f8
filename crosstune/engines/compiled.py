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
    """A compiled space: a plain dictionary to the library, with the space it was compiled from.

    A native object does not distinguish an index from an integer, and may lose the order or the
    conditions of a space. So `Adapter.read` returns `space` as long as compiling it gives the same
    native object. After a change, or a copy with ``dict(...)``, the native objects are read.

    Args:
        native: the library's objects by name.
        space: the space that was compiled.
        mode: the mode of `Adapter.compile`.
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
"""By parent, the raw values for which a parameter is active."""

MAX_WAYS = 4096
"""The most ways to reach a parameter that are compared."""


def merged(name: str, ways: Iterable[Condition], ranges: Condition) -> Condition:
    """Merge several ways to reach a parameter into one AND of parents.

    Args:
        name: of the parameter, for the message.
        ways: the parameter is active if one of these conditions holds; an empty one always does.
        ranges: all the raw values of each parent.

    Raises:
        Unsupported: no AND of parents is equivalent.
    """
    boxes = {frozenset(way.items()) for way in ways}
    if len(boxes) == 1:
        (box,) = boxes
        return {parent: raws for parent, raws in box if not raws >= ranges[parent]}
    cells: set[frozenset[tuple[str, float]]] = set()
    for box in boxes:
        if math.prod(len(raws) for _, raws in box) + len(cells) > MAX_WAYS:
            raise Unsupported(f"{name!r} is reached in more than {MAX_WAYS} ways")
        parents = [parent for parent, _ in box]
        for values in itertools.product(*(raws for _, raws in box)):
            cells.add(frozenset(zip(parents, values, strict=True)))
    cells = _without_irrelevant(cells, ranges)
    condition: Condition = {}
    for parent in sorted({key for cell in cells for key, _ in cell}):
        condition[parent] = frozenset(v for cell in cells for key, v in cell if key == parent)
    combinations = math.prod(len(values) for values in condition.values())
    if combinations != len(cells) or any(len(cell) != len(condition) for cell in cells):
        text = " or ".join(
            sorted(" and ".join(f"{k} is at {v:g}" for k, v in sorted(cell)) for cell in cells)
        )
        raise Unsupported(
            f"{name!r} is active when {text}, which is not an AND of parents. Give each way a "
            "parameter of its own name"
        )
    return condition


def _without_irrelevant(
    cells: set[frozenset[tuple[str, float]]], ranges: Condition
) -> set[frozenset[tuple[str, float]]]:
    """The cells without those that others include, and without parents that may have any value."""
    while True:
        if len({frozenset(key for key, _ in cell) for cell in cells}) > 1:
            cells = {cell for cell in cells if not any(other < cell for other in cells)}
        for parent in {key for cell in cells for key, _ in cell}:
            rests: dict[frozenset[tuple[str, float]], set[float]] = {}
            for cell in cells:
                raws = dict(cell)
                if parent in raws:
                    value = raws.pop(parent)
                    rests.setdefault(frozenset(raws.items()), set()).add(value)
            full = {rest for rest, values in rests.items() if values >= ranges[parent]}
            if full:
                cells = cells | full
                break
        else:
            return cells


def closed(conditions: Mapping[str, Condition]) -> dict[str, Condition]:
    """Each condition with those of its parents, which a native space need not repeat."""
    complete: dict[str, Condition] = {}

    def close(name: str, seen: tuple[str, ...] = ()) -> Condition:
        if name not in complete and name not in seen:
            merged_in = dict(conditions[name])
            for parent in conditions[name]:
                for ancestor, raws in close(parent, (*seen, name)).items():
                    merged_in[ancestor] = merged_in.get(ancestor, raws) & raws
            complete[name] = merged_in
        return complete.get(name, {})

    for name in conditions:
        close(name)
    return complete


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
    """The condition as a spec's `when`: parents as declared, values in the parent's order.

    Args:
        condition: raw values by parent.
        parents: the names in the order of the space.
        value: from a parent and a raw value to the parent's value.
    """
    return {
        parent: [value(parent, raw) for raw in sorted(condition[parent])]
        for parent in parents
        if parent in condition
    }
