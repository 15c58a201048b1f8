"""The labels of a Hyperopt space, and the options among which they choose."""

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


def scalar_of(node: Any) -> Any:
    """A literal scalar; anything else is the list ()."""
    value = node.obj if isinstance(node, Literal) else node
    value = value.item() if isinstance(value, np.generic) else value
    return value if isinstance(value, SCALAR_TYPES) else ()


def distinct(values: list[Any]) -> list[Scalar] | None:
    """The values where all are different scalars."""
    if any(value == () for value in values):
        return None
    return values if len({(type(v), v) for v in values}) == len(values) else None
