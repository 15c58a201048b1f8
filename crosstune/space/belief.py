"""A user's beliefs about the best values, one per parameter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crosstune.errors import SpecError, no_such
from crosstune.space.parameters import Scalar, shown
from crosstune.space.parameters.checks import is_number
from crosstune.space.space import Space

SPREAD = 0.2
"""Default spread of a belief."""


@dataclass(frozen=True)
class Belief:
    """The expected best value of a parameter.

    Attributes:
        at: the expected value, in the type of the parameter.
        spread: in (0, 1]. For a range, the standard deviation as a share of it, on the parameter's
            scale; for an unordered choice, the plausibility of each other option relative to `at`.
    """

    at: Scalar
    spread: float = SPREAD


def beliefs(space: Space, prior: Mapping[str, Any]) -> dict[str, Belief]:
    """Read the beliefs in a spec's `prior`.

    Args:
        space: that of the spec.
        prior: by name a value, or a mapping with `at` and `spread`.

    Raises:
        SpecError: no such parameter, a value out of its range, or an invalid spread.

    >>> space = Space({"lr": {"type": "float", "low": 1e-5, "high": 1.0, "log": True}})
    >>> beliefs(space, {"lr": {"at": 1e-3, "spread": 0.1}})
    {'lr': Belief(at=0.001, spread=0.1)}
    """
    if not isinstance(prior, Mapping):
        raise SpecError(f"a prior maps names to values, not {shown(prior)}")
    by_name = {}
    for name, entry in prior.items():
        if name not in space:
            raise SpecError(no_such("parameter", name, space), (str(name),))
        try:
            by_name[name] = _belief(space, name, entry)
        except SpecError as error:
            raise error.under(name) from None
    return by_name


def _belief(space: Space, name: str, entry: Any) -> Belief:
    if not isinstance(entry, Mapping):
        entry = {"at": entry}
    for key in entry:
        if key not in ("at", "spread"):
            raise SpecError(no_such("key", key, ["at", "spread"]), (str(key),))
    if "at" not in entry:
        raise SpecError("'at' is missing: the value that is thought best")
    spread = entry.get("spread", SPREAD)
    if not is_number(spread) or not 0 < spread <= 1:
        raise SpecError(f"a spread is above 0 and at most 1, not {shown(spread)}", ("spread",))
    item = space[name]
    return Belief(item.decode(item.encode(entry["at"])), float(spread))
