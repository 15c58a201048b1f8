"""The labels of a Hyperopt space, and the options that they choose from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hyperopt.pyll.base import Apply, Literal

from crosstune.engines.compiled import Condition
from crosstune.errors import Unsupported
from crosstune.space.parameters import Parameter, Scalar

SCALAR_TYPES = (bool, int, float, str, type(None))
TAGS = ("name", "type", "kind")


@dataclass
class Switch:
    """One use of a label to choose among options.

    Attributes:
        key: the key of a dictionary that it is under, if any.
        first: the raw value of the first option.
        label: the name of the label.
    """

    key: str | None
    first: int
    options: list[Any]
    label: str

    @property
    def scalars(self) -> list[Scalar] | None:
        """The options if all are different scalars, else None."""
        return None if self.repeated is None else distinct(self.repeated)

    @property
    def repeated(self) -> list[Scalar] | None:
        """The options if all are scalars, which may repeat, else None."""
        values = [scalar_of(option) for option in self.options]
        return None if any(value == () for value in values) else values

    @property
    def tagged(self) -> tuple[str, list[Scalar]] | None:
        """The field that names the options, and its values.

        It is a scalar that differs from option to option, under the label's own key, else under
        "name", "type" or "kind", else under the first such key.
        """
        dictionaries = [fields_of(option) for option in self.options]
        if not dictionaries or any(fields is None for fields in dictionaries):
            return None
        keys = list(dictionaries[0] or {})
        for key in [k for k in (self.label, *TAGS) if k in keys] + keys:
            values = [scalar_of((fields or {}).get(key, [])) for fields in dictionaries]
            names = distinct(values)
            if names is not None:
                return key, names
        return None


@dataclass
class Label:
    """A labelled draw.

    Attributes:
        node: the distribution.
        ways: the conditions under which it is reached; one of them has to hold.
        whole: its value goes through `int`.
        item: the parameter whose `decode` makes its value, in an exact space of ours.
        positions: switches on it use the position among its weights.
        names: of its options, if they are not derived from the options themselves.
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
        """The use that names the options, the field of the names if any, and the names.

        Scalars are their own names, and may repeat; structures are named by a field, or else by
        their position.
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


def fields_of(node: Any) -> dict[str, Any] | None:
    """The entries of a dictionary by name; None for any other node."""
    if isinstance(node, dict):
        if not all(isinstance(key, str) for key in node):
            raise Unsupported(
                f"a dictionary in the space has keys that are not strings: {list(node)}"
            )
        return dict(node)
    if isinstance(node, Apply) and node.name == "dict":
        if node.pos_args:
            raise Unsupported("a dictionary in the space has keys that are not strings")
        return dict(node.named_args)
    return None


def scalar_of(node: Any) -> Any:
    """A literal scalar; anything else is the list ()."""
    value = node.obj if isinstance(node, Literal) else node
    value = value.item() if isinstance(value, np.generic) else value
    return value if isinstance(value, SCALAR_TYPES) else ()


def distinct(values: list[Any]) -> list[Scalar] | None:
    """The values if all are different scalars, else None."""
    if any(value == () for value in values):
        return None
    return values if len({(type(v), v) for v in values}) == len(values) else None
