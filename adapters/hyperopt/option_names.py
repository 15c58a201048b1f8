"""The names of the options of an `hp.choice` that are not scalars."""

from __future__ import annotations

import math
from collections.abc import Hashable

from hyperopt.pyll.base import Apply, Literal

from crosstune.adapters.hyperopt.graph import labels_below
from crosstune.adapters.hyperopt.labels import TAGS, Label, Switch, distinct, scalar_of
from crosstune.errors import Unsupported
from crosstune.space.parameters import Scalar

_LONGEST_NAME = 60


def names_of(label: Label, *, by_position: bool = False) -> list[Scalar]:
    """The names of a choice's options in the study.

    Args:
        label: of the choice.
        by_position: name repeated options by their positions.
    """
    uses = sorted(label.switches, key=lambda switch: switch.key != label.name)
    for switch in uses:
        for names in (switch.scalars, _field(switch), _texts(switch)):
            if names is not None and all(map(_storable, names)):
                return names
    positions: list[Scalar] = list(range(len(uses[0].options)))
    return positions if by_position else _repeated(uses) or positions


def _repeated(uses: list[Switch]) -> list[Scalar] | None:
    """Names that equal options share, if they are the same for every use of the choice."""
    kinds = [[_kind(option, i) for i, option in enumerate(use.options)] for use in uses]
    names = [_text(option) for option in uses[0].options]
    pairs = {(type(name), name, kind) for name, kind in zip(names, kinds[0], strict=True)}
    told_apart = len({pair[:2] for pair in pairs}) == len(pairs) == len(set(kinds[0]))
    short = all(len(name) <= _LONGEST_NAME for name in names if isinstance(name, str))
    return names if told_apart and short and all(k == kinds[0] for k in kinds) else None


def _kind(node: Apply, position: int) -> Hashable:
    """A key that is equal for equal options; one with a label or an object equals no other."""
    scalar = scalar_of(node)
    if scalar != ():
        return type(scalar), repr(scalar)
    if node.name != "pos_args" or next(labels_below(node), None) is not None:
        return position
    return node.o_len is None, *(_kind(part, position) for part in node.pos_args)


def _storable(name: Scalar) -> bool:
    return not isinstance(name, float) or math.isfinite(name)


def _field(switch: Switch) -> list[Scalar] | None:
    try:
        return None if switch.tagged is None else switch.tagged[1]
    except Unsupported:  # keys that are not strings
        return None


def _texts(switch: Switch) -> list[Scalar] | None:
    names = [_text(option) for option in switch.options]
    short = all(len(name) <= _LONGEST_NAME for name in names if isinstance(name, str))
    return distinct(names) if short else None


def _text(node: Apply) -> Scalar:
    """An option as a short text: a scalar, its own name, or the labels in it."""
    scalar = scalar_of(node)
    if scalar != ():
        return scalar if _storable(scalar) else repr(scalar)
    if isinstance(node, Literal):
        return str(getattr(node.obj, "__name__", None) or repr(node.obj))
    inside = dict(node.named_args) if node.name == "dict" else {}
    first = node.pos_args[:1] if node.name == "pos_args" else []
    for part in [inside[tag] for tag in TAGS if tag in inside] + first:
        if isinstance(scalar_of(part), str):
            return str(scalar_of(part))
    below = sorted(set(labels_below(node)))
    return ", ".join(below) or _written(node)


def _written(node: Apply) -> str:
    """An expression without labels in Python's notation."""
    if isinstance(node, Literal):
        return str(getattr(node.obj, "__name__", None) or repr(node.obj))
    if node.name == "pos_args":
        inside = ", ".join(map(_written, node.pos_args))
        if node.o_len is None:
            return f"[{inside}]"
        return f"({inside},)" if len(node.pos_args) == 1 else f"({inside})"
    if node.name == "dict":
        return "{" + ", ".join(f"{key}: {_written(part)}" for key, part in node.named_args) + "}"
    return f"{node.name}({', '.join(map(_written, node.inputs()))})"
