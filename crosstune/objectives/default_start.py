"""The start point of default values, made from the objective's own."""

from __future__ import annotations

from collections.abc import Callable

from crosstune.errors import RequestError
from crosstune.space.defaults import DefaultPoint, Defaults, default_point
from crosstune.spec.spec import Spec
from crosstune.spec.start import DEFAULTS


def with_defaults(spec: Spec, defaults: Callable[[], Defaults]) -> tuple[Spec, DefaultPoint | None]:
    """A spec whose start points are all values, and the point of the default values.

    Args:
        spec: may have "defaults" among its start points. If no default value fits into its space,
            that start point is dropped.
        defaults: returns those of the objective; it is called if they are asked for.

    Returns:
        The spec, and None if it does not ask for default values.

    Raises:
        RequestError: the objective has no default value for any name of the space.
    """
    if DEFAULTS not in spec.start:
        return spec, None
    values = defaults()
    if not any(name in values.values or name in values.unknown for name in spec.space):
        raise RequestError(
            f"{values.of} has no default value to start with for any name of the space: "
            f"{', '.join(spec.space)}. Write a start point with values instead, or give the "
            "function default arguments of these names"
        )
    point = default_point(spec.space, values)
    start = tuple(
        item if isinstance(item, dict) else point.params
        for item in spec.start
        if isinstance(item, dict) or point.params
    )
    return spec.model_copy(update={"start": start}), point
