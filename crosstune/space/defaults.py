"""The default values of an objective's parameters, and the point of a space that they make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from crosstune.errors import SpecError
from crosstune.space.parameters import Constant, Normal, Parameter, Scalar, shown
from crosstune.space.space import Params, Space
from crosstune.system.scalars import plain


@dataclass(frozen=True)
class Defaults:
    """The default values of an objective's parameters.

    Attributes:
        of: the objective in a message, such as "LogisticRegression".
        values: by name. They may be outside the space, and may be any objects.
        unknown: by name, why the default value cannot be determined.
    """

    of: str
    values: Mapping[str, Any]
    unknown: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class DefaultPoint:
    """The default values that fit into a space.

    Attributes:
        of: as in `Defaults`.
        params: the values by name, those of active parameters only. Empty if no value fits.
        skipped: by name, why an active parameter has no value here. It is drawn.
    """

    of: str
    params: Params
    skipped: Mapping[str, str]

    def __str__(self) -> str:
        values = ", ".join(f"{name} = {shown(value)}" for name, value in self.params.items())
        return f"{values or 'no value'}, from {self.of}"

    def sentences(self) -> list[str]:
        """What the user should be told: the parameters without a value, and why."""
        lines = [f"start: defaults: {n!r} is left out: {why}" for n, why in self.skipped.items()]
        if lines and not self.params:
            lines.append(
                f"start: defaults: no default value of {self.of} fits, so there is no default trial"
            )
        elif lines:
            lines.append("start: defaults: what is left out is drawn")
        return lines

    def plain(self) -> dict[str, Any]:
        """The form in which a study records it."""
        return {"of": self.of, "params": dict(self.params), "skipped": dict(self.skipped)}


def default_point(space: Space, defaults: Defaults) -> DefaultPoint:
    """The point of default values, without those that are unknown or outside the space.

    A child of a parent without a value keeps its default, which applies if it becomes active.
    Constants are left to the space.

    Args:
        space: to fit into.
        defaults: of the objective.

    >>> space = Space({
    ...     "depth": {"type": "int", "low": 1, "high": 9},
    ...     "rate": {"type": "float", "low": 0, "high": 1},
    ... })
    >>> point = default_point(space, Defaults("Tree", {"depth": None, "rate": 0.5}))
    >>> point.params, point.skipped
    ({'rate': 0.5}, {'depth': 'its default null is not in the range of this int (low: 1, high: 9)'})
    """
    params: Params = {}
    skipped: dict[str, str] = {}
    inactive: set[str] = set()
    for name, item in space.items():
        if any(parent in inactive for parent in item.when) or not _may_be_active(
            space, name, params
        ):
            inactive.add(name)
        elif isinstance(item, Constant):
            params[name] = item.value
        elif name not in defaults.values:
            skipped[name] = defaults.unknown.get(name, f"{defaults.of} has no default for it")
        else:
            try:
                params[name] = _fitted(item, defaults.values[name])
            except SpecError as error:
                skipped[name] = f"its default {error.message}"
    params = {name: v for name, v in params.items() if not isinstance(space[name], Constant)}
    return DefaultPoint(defaults.of, params, skipped)


def _may_be_active(space: Space, name: str, params: Params) -> bool:
    """False if the value of a parent rules out a parameter; parents without a value do not."""
    return all(
        parent not in params or any(_equal(space[parent], params[parent], v) for v in values)
        for parent, values in space[name].parents.items()
    )


def _equal(item: Parameter, a: Scalar, b: Scalar) -> bool:
    return item.encode(a) == item.encode(b)


def _fitted(item: Parameter, value: Any) -> Scalar:
    """A default value in the type of its parameter.

    That of a normal is not rounded to a quantile yet, as a start point in a spec is not.

    Raises:
        SpecError: it is not a value of the parameter.
    """
    value = plain(value)
    if not isinstance(value, bool | int | float | str | None):
        raise SpecError(f"{shown(value)} is no number, text, true, false or null")
    decoded = item.decode(item.encode(value))
    return float(value) if isinstance(item, Normal) else decoded  # type: ignore[arg-type]
