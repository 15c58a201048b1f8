"""The contents of a Hyperopt expression: its labels, their draws, and when each is reached."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from hyperopt.pyll.base import Apply, Literal

from crosstune.adapters.hyperopt.labels import SCALAR_TYPES, Label, Switch, fields_of
from crosstune.engines.compiled import Condition
from crosstune.errors import Unsupported
from crosstune.space.parameters import Parameter, Scalar


@dataclass
class _Fixed:
    """A literal under a key; its place in the expression decides whether it is a constant."""

    key: str
    value: Any
    way: Condition
    switch: Switch | None
    in_dictionary: bool


class Graph:
    """The parts of a Hyperopt space.

    Args:
        native: an expression, or a dictionary or list with expressions in it.

    Attributes:
        labels: by name.
        order: labels and keys of fixed entries in their order.

    Raises:
        Unsupported: a label is used for two draws, or an expression has no finite form.
    """

    def __init__(self, native: Any):
        self.labels: dict[str, Label] = {}
        self.order: dict[str, None] = {}
        self._fixed: list[_Fixed] = []
        self._visit(native, None, {}, None, in_dictionary=False, whole=False)

    def constants(self) -> Iterator[tuple[str, Scalar, Condition]]:
        """The names of fixed entries, their values, and when each is there."""
        for fixed in self._fixed:
            if fixed.switch is not None:
                naming = self.labels[fixed.switch.label].naming
                if naming is not None and naming[0] is fixed.switch and not fixed.in_dictionary:
                    continue
                if naming is not None and fixed.in_dictionary and naming[1] == fixed.key:
                    continue
                if fixed.value is None and not fixed.in_dictionary:
                    continue  # the branch in which a parameter is absent
            value = fixed.value.item() if isinstance(fixed.value, np.generic) else fixed.value
            if not isinstance(value, SCALAR_TYPES):
                raise Unsupported(
                    f"{fixed.key!r} is {value!r}, which is no scalar. Name it by a string and "
                    "build it in the objective"
                )
            if isinstance(value, float) and not math.isfinite(value):
                raise Unsupported(
                    f"{fixed.key!r} is {value!r}, and a fixed value has to be finite. Leave it out "
                    "of the space and set it in the objective"
                )
            yield fixed.key, value, fixed.way

    def _visit(
        self,
        node: Any,
        key: str | None,
        way: Condition,
        switch: Switch | None,
        *,
        in_dictionary: bool,
        whole: bool,
    ) -> None:
        if isinstance(node, Apply) and node.name == "dict" and node.pos_args:
            self._computed(node, way)
        elif (fields := fields_of(node)) is not None:
            inside = switch if not in_dictionary else None
            for name, child in fields.items():
                self._visit(child, name, way, inside, in_dictionary=True, whole=False)
        elif isinstance(node, list | tuple):
            for child in node:
                self._visit(child, None, way, None, in_dictionary=False, whole=False)
        elif not isinstance(node, Apply) or isinstance(node, Literal):
            value = node.obj if isinstance(node, Literal) else node
            if key is not None:
                self.order.setdefault(key)
                self._fixed.append(_Fixed(key, value, way, switch, in_dictionary))
        elif node.name == "pos_args":
            self._visit(list(node.pos_args), key, way, None, in_dictionary=False, whole=False)
        elif node.name == "hyperopt_param":
            self._draw(node, way, whole=whole)
        elif node.name in ("int", "float"):
            whole = whole or node.name == "int"
            child = node.pos_args[0]
            self._visit(child, key, way, switch, in_dictionary=in_dictionary, whole=whole)
        elif node.name == "call":
            self._decoded(node, way)
        elif node.name == "switch":
            self._switch(node, key, way)
        else:
            self._computed(node, way)

    def _computed(self, node: Apply, way: Condition) -> None:
        """Refuse an expression whose values are unknown, or keys that are not strings."""
        fields_of(node)
        raise _infinite(node)

    def _draw(self, node: Apply, way: Condition, *, whole: bool = False) -> Label:
        name, draw = str(node.arg["label"].obj), node.arg["obj"]
        self.order.setdefault(name)
        label = self.labels.setdefault(name, Label(name, draw))
        if label.node is not draw:
            raise Unsupported(
                f"the label {name!r} is used for two draws. Give each a label of its own, or use "
                "one expression in both places"
            )
        label.ways.append(way)
        label.whole = label.whole or whole
        return label

    def _decoded(self, node: Apply, way: Condition) -> None:
        function = getattr(node.pos_args[0], "obj", None)
        item = getattr(function, "__self__", None)
        arguments = node.pos_args[1].pos_args if len(node.pos_args) == 2 else []
        decodes = isinstance(item, Parameter) and getattr(function, "__name__", "") == "decode"
        draw = _uncast(arguments[0]) if len(arguments) == 1 else node
        if not decodes or draw.name != "hyperopt_param":
            self._computed(node, way)
        else:
            self._draw(draw, way).item = item

    def _switch(self, node: Apply, key: str | None, way: Condition) -> None:
        index, *options = node.pos_args
        first = 0
        if index.name == "sub" and isinstance(index.pos_args[1], Literal):
            first = int(index.pos_args[1].obj)
            index = index.pos_args[0]
        weighted = _weights_below(index)
        index = _uncast(index.pos_args[1].pos_args[0] if weighted else index)
        if index.name != "hyperopt_param":
            raise _infinite(node)
        label = self._draw(index, way)
        label.positions = label.positions or weighted
        # An index that goes through int() is an integer; that of hp.choice is a position.
        if not weighted:
            label.whole = label.whole or label.node.name not in ("randint", "categorical")
        switch = Switch(key, first, options, label.name)
        label.switches.append(switch)
        branches: dict[int, list[int]] = {}
        for i, option in enumerate(options):
            branches.setdefault(id(option), []).append(i)
        for positions in branches.values():
            chosen = frozenset(float(first + i) for i in positions)
            allowed = way.get(label.name, chosen) & chosen
            if allowed:
                inner = {**way, label.name: allowed}
                option = options[positions[0]]
                self._visit(option, key, inner, switch, in_dictionary=False, whole=False)


def _weights_below(index: Apply) -> bool:
    """True if an index is the position of a draw among weights, as in our exact spaces."""
    function = getattr(index.pos_args[0], "obj", None) if index.name == "call" else None
    return getattr(getattr(function, "func", None), "__name__", "") == "position"


def _uncast(node: Apply) -> Apply:
    while node.name in ("int", "float"):
        node = node.pos_args[0]
    return node


def _infinite(node: Apply) -> Unsupported:
    names = sorted(set(labels_below(node))) or ["no label"]
    return Unsupported(
        f"scope.{node.name} on {', '.join(map(repr, names))} has no finite form: what it yields "
        "cannot be told from the ranges. Search the parameter, and compute with it in the objective"
    )


def labels_below(node: Apply) -> Iterator[str]:
    """Every label in an expression, with repetitions."""
    if node.name == "hyperopt_param":
        yield str(node.arg["label"].obj)
    for child in node.inputs():
        yield from labels_below(child)
