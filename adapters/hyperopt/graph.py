"""What stands in a Hyperopt expression: the labels, what each draws, and when it is reached."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hyperopt.pyll.base import Apply, Literal

from crosstune.engines.compiled import Condition
from crosstune.errors import Unsupported
from crosstune.space.parameters import Parameter, Scalar

_SCALAR = (bool, int, float, str, type(None))
TAGS = ("name", "type", "kind")


@dataclass
class Switch:
    """One use of a label to choose among options.

    Attributes:
        key: under which key of a dictionary it stands.
        first: the raw value that chooses the first option.
    """

    key: str | None
    first: int
    options: list[Any]

    @property
    def scalars(self) -> list[Scalar] | None:
        """The options where all are different scalars."""
        return None if self.repeated is None else distinct(self.repeated)

    @property
    def repeated(self) -> list[Scalar] | None:
        """The options where all are scalars, though some may be the same."""
        values = [scalar_of(option) for option in self.options]
        return None if any(value == () for value in values) else values

    @property
    def tagged(self) -> tuple[str, list[Scalar]] | None:
        """A field of every option that names it, with its values.

        That is a scalar which differs from option to option, under the label's own key, else
        under "name", "type" or "kind", else under the first such key.
        """
        fields = [fields_of(option) for option in self.options]
        if not fields or any(found is None for found in fields):
            return None
        keys = list(fields[0] or {})
        for key in [k for k in (self.label, *TAGS) if k in keys] + keys:
            values = [scalar_of((found or {}).get(key, [])) for found in fields]
            names = distinct(values)
            if names is not None:
                return key, names
        return None

    label: str = ""


@dataclass
class Label:
    """A labelled draw.

    Attributes:
        node: the distribution.
        ways: the conditions under which it is reached; one of them has to hold.
        whole: its value goes through `int`.
        item: the parameter whose `decode` makes its value, in an exact space of ours.
        positions: switches on it go by the position among its weights.
        names: of its options, where they are not to be told from what stands in them.
    """

    name: str
    node: Apply
    ways: list[Condition] = field(default_factory=list)
    whole: bool = False
    item: Parameter | None = None
    positions: bool = False
    switches: list[Switch] = field(default_factory=list)
    names: list[Scalar] | None = None

    @property
    def naming(self) -> tuple[Switch, str | None, list[Scalar]] | None:
        """The use that gives the options their names, the field that does, and the names.

        Scalars are their own names, and the same one may be there twice; structures are named by a
        field, or else by their position.
        """
        if self.item is not None or not self.switches:
            return None
        if self.names is not None:
            return self.switches[0], None, self.names
        by_key = sorted(self.switches, key=lambda switch: switch.key != self.name)
        for switch in by_key:
            if switch.scalars is not None:
                return switch, None, switch.scalars
        for switch in by_key:
            if switch.tagged is not None:
                return switch, *switch.tagged
        repeated = by_key[0].repeated
        if repeated is not None and all(repr(s.repeated) == repr(repeated) for s in by_key):
            return by_key[0], None, repeated
        return by_key[0], None, list(range(len(by_key[0].options)))


@dataclass
class _Fixed:
    """A literal under a key: where it stands decides whether it is a constant."""

    key: str
    value: Any
    way: Condition
    switch: Switch | None
    in_dictionary: bool


class Graph:
    """A Hyperopt space taken apart.

    Args:
        native: an expression, or a dictionary or list with expressions in it.

    Attributes:
        labels: by name.
        order: labels and keys of fixed entries as they come.

    Raises:
        Unsupported: a label stands for two draws, or something has no finite form.
    """

    def __init__(self, native: Any):
        self.labels: dict[str, Label] = {}
        self.order: dict[str, None] = {}
        self._fixed: list[_Fixed] = []
        self._visit(native, None, {}, None, in_dictionary=False, whole=False)

    def constants(self) -> Iterator[tuple[str, Scalar, Condition]]:
        """The fixed values with a name, and when each is there."""
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
            if not isinstance(value, _SCALAR):
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
            for name, held in fields.items():
                self._visit(held, name, way, inside, in_dictionary=True, whole=False)
        elif isinstance(node, list | tuple):
            for held in node:
                self._visit(held, None, way, None, in_dictionary=False, whole=False)
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
            held = node.pos_args[0]
            self._visit(held, key, way, switch, in_dictionary=in_dictionary, whole=whole)
        elif node.name == "call":
            self._decoded(node, way)
        elif node.name == "switch":
            self._switch(node, key, way)
        else:
            self._computed(node, way)

    def _computed(self, node: Apply, way: Condition) -> None:
        """Refuse an expression whose values are unknown, or keys that are no strings."""
        fields_of(node)
        raise _infinite(node)

    def _draw(self, node: Apply, way: Condition, *, whole: bool = False) -> Label:
        name, held = str(node.arg["label"].obj), node.arg["obj"]
        self.order.setdefault(name)
        label = self.labels.setdefault(name, Label(name, held))
        if label.node is not held:
            raise Unsupported(
                f"the label {name!r} stands for two draws. Give each a label of its own, or use "
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


def fields_of(node: Any) -> dict[str, Any] | None:
    """What a dictionary holds by name."""
    if isinstance(node, dict):
        if not all(isinstance(key, str) for key in node):
            raise Unsupported(
                f"a dictionary in the space has keys that are no strings: {list(node)}"
            )
        return dict(node)
    if isinstance(node, Apply) and node.name == "dict":
        if node.pos_args:
            raise Unsupported("a dictionary in the space has keys that are no strings")
        return dict(node.named_args)
    return None


def _weights_below(index: Apply) -> bool:
    """Whether an index is the position of a draw among weights, as our exact spaces have it."""
    function = getattr(index.pos_args[0], "obj", None) if index.name == "call" else None
    return getattr(getattr(function, "func", None), "__name__", "") == "position"


def _uncast(node: Apply) -> Apply:
    """What stands under `int` and `float`."""
    while node.name in ("int", "float"):
        node = node.pos_args[0]
    return node


def scalar_of(node: Any) -> Any:
    """A literal scalar; anything else is the list ()."""
    value = node.obj if isinstance(node, Literal) else node
    value = value.item() if isinstance(value, np.generic) else value
    return value if isinstance(value, _SCALAR) else ()


def distinct(values: list[Any]) -> list[Scalar] | None:
    """The values where all are different scalars."""
    if any(value == () for value in values):
        return None
    return values if len({(type(v), v) for v in values}) == len(values) else None


def _infinite(node: Apply) -> Unsupported:
    names = sorted(set(labels_below(node))) or ["no label"]
    return Unsupported(
        f"scope.{node.name} on {', '.join(map(repr, names))} has no finite form: what it yields "
        "cannot be told from the ranges. Search the parameter, and compute with it in the objective"
    )


def labels_below(node: Apply) -> Iterator[str]:
    """Every label in an expression, as often as it is there."""
    if node.name == "hyperopt_param":
        yield str(node.arg["label"].obj)
    for held in node.inputs():
        yield from labels_below(held)
