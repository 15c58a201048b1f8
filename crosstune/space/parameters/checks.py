"""Checks of the arguments of parameters."""

from __future__ import annotations

import math
from typing import TypeGuard

import numpy as np

from crosstune.errors import SpecError
from crosstune.space.parameters.base import shown


def check_range(low: float, high: float, log: object, step: object) -> None:
    """Check the bounds, the scale and the step of a range.

    Args:
        low, high: finite bounds; low <= high.
        log: True or False; True needs low > 0.
        step: None, or a number above 0, above 1 if `log`.

    Raises:
        SpecError: they make no range.
    """
    boolean(log, "log")
    if low > high:
        raise SpecError(f"high {high!r} is below low {low!r}", ("high",))
    if not math.isfinite(high - low):
        raise SpecError(f"the range from {low!r} to {high!r} is too wide for a number", ("high",))
    if log and low <= 0:
        raise SpecError(f"a log scale needs low above 0, not {low!r}", ("low",))
    if step is not None:
        if finite(step, "step") <= 0:
            raise SpecError(f"a step has to be above 0, not {step!r}", ("step",))
        if log and finite(step, "step") <= 1:
            raise SpecError(
                f"on a log scale a step is a factor above 1 (2 gives 8, 16, 32), not {step!r}",
                ("step",),
            )


def is_number(value: object) -> TypeGuard[float]:
    """Whether a value is a finite number and not a boolean."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer beyond the range of a double
        return False


def finite(value: object, key: str) -> float:
    """The number, or a SpecError at `key`."""
    if is_number(value):
        return value
    numeric = isinstance(value, int | float | np.integer | np.floating)
    kind = "finite number" if numeric and not isinstance(value, bool) else "number"
    raise SpecError(f"a {kind} is needed, not {shown(value)}", (key,))


def integer(value: object, key: str) -> int:
    """The integer, or a SpecError at `key`."""
    if isinstance(value, float) and value.is_integer():
        raise SpecError(f"an integer is needed, not {shown(value)}: write {int(value)}", (key,))
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise SpecError(f"an integer is needed, not {shown(value)}", (key,))
    return int(value)


def boolean(value: object, key: str) -> None:
    """Raise a SpecError at `key` unless the value is True or False."""
    if not isinstance(value, bool):
        raise SpecError(f"true or false is needed, not {shown(value)}", (key,))
