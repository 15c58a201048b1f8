"""The types of parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING

from crosstune.errors import SpecError, no_such
from crosstune.space.parameters.base import Condition, Parameter, Scalar, defaults, same, shown
from crosstune.space.parameters.choice import Bool, Choice, Constant
from crosstune.space.parameters.normal import TAIL, LogNormal, Normal
from crosstune.space.parameters.numeric import MAX_INT, Float, Int

__all__ = [
    "MAX_INT",
    "TAIL",
    "TYPES",
    "Bool",
    "Choice",
    "Condition",
    "Constant",
    "Float",
    "Int",
    "LogNormal",
    "Normal",
    "Parameter",
    "Scalar",
    "parameter",
    "same",
    "shown",
]

TYPES: dict[str, type[Parameter]] = {
    cls.type: cls for cls in (Float, Int, Choice, Bool, Normal, LogNormal, Constant)
}


def parameter(plain: object) -> Parameter:
    """A parameter from its mapping in a spec file.

    >>> parameter({"type": "int", "low": 1, "high": 4})
    Int(when={}, low=1, high=4, log=False, step=None)
    """
    if isinstance(plain, Parameter):
        return plain
    if not isinstance(plain, Mapping):
        raise SpecError(
            f"a parameter is a mapping such as {{type: float, low: 0, high: 1}}, not {shown(plain)}"
        )
    if "type" not in plain:
        raise SpecError(f"the type is missing. Known: {', '.join(sorted(TYPES))}")
    kind = plain["type"]
    if not isinstance(kind, str) or kind not in TYPES:
        raise SpecError(no_such("type", kind, TYPES), ("type",))
    cls = TYPES[kind]
    keys = defaults(cls)
    for key in plain:
        if key != "type" and key not in keys:
            raise SpecError(no_such(f"key in {_a(kind)}:", key, keys), (str(key),))
    needed = [key for key, default in keys.items() if default is MISSING]
    for key in needed:
        if key not in plain:
            raise SpecError(f"{key!r} is missing: {_a(kind)} needs {' and '.join(needed)}")
    return cls(**{key: value for key, value in plain.items() if key != "type"})


def _a(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"
