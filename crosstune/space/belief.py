"""What a user believes of where the best values lie, one belief a parameter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crosstune.errors import SpecError, no_such
from crosstune.space.parameters import Scalar, shown
from crosstune.space.parameters.checks import is_number
from crosstune.space.space import Space

SPREAD = 0.2
"""How wide a belief is that says nothing of it."""


@dataclass(frozen=True)
class Belief:
    """Where the best value of a parameter is thought to lie.

    Attributes:
        at: the value thought best, in the type of the parameter.
        spread: of a range the standard deviation as a share of it, on the parameter's own scale;
            of an unordered choice how plausible each other option is beside `at`. In (0, 1].
    """

    at: Scalar
    spread: float = SPREAD


def beliefs(space: Space, prior: Mapping[str, Any]) -> dict[str, Belief]:
    """The beliefs in a prior, as a spec's `prior` holds it.

    Args:
        space: that of the spec.
        prior: a value by name, or a mapping of `at` and `spread`.

    Raises:
        SpecError: no such parameter, a value out of its range, a spread that is none.

    >>> space = Space({"lr": {"type": "float", "low": 1e-5, "high": 1.0, "log": True}})
    >>> beliefs(space, {"lr": {"at": 1e-3, "spread": 0.1}})
    {'lr': Belief(at=0.001, spread=0.1)}
    """
    if not isinstance(prior, Mapping):
        raise SpecError(f"a prior maps names to values, not {shown(prior)}")
    found = {}
    for name, given in prior.items():
        if name not in space:
            raise SpecError(no_such("parameter", name, space), (str(name),))
        try:
            found[name] = _belief(space, name, given)
        except SpecError as error:
            raise error.under(name) from None
    return found


def _belief(space: Space, name: str, given: Any) -> Belief:
    if not isinstance(given, Mapping):
        given = {"at": given}
    for key in given:
        if key not in ("at", "spread"):
            raise SpecError(no_such("key", key, ["at", "spread"]), (str(key),))
    if "at" not in given:
        raise SpecError("'at' is missing: the value that is thought best")
    spread = given.get("spread", SPREAD)
    if not is_number(spread) or not 0 < spread <= 1:
        raise SpecError(f"a spread is above 0 and at most 1, not {shown(spread)}", ("spread",))
    item = space[name]
    return Belief(item.decode(item.encode(given["at"])), float(spread))
