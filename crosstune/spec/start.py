"""The start points of a spec: values by name, or "defaults"."""

from __future__ import annotations

from crosstune.errors import SpecError, no_such
from crosstune.space.parameters import shown

DEFAULTS = "defaults"
"""The start point of the objective's own default values."""


def check_start(start: object) -> None:
    """Check the names among start points; the points themselves are checked with the space.

    Args:
        start: as the user wrote it.

    Raises:
        SpecError: a text other than `DEFAULTS`, or `DEFAULTS` twice.
    """
    if isinstance(start, str):
        _check_name(start, ())
        return
    if not isinstance(start, list | tuple):
        return
    names = {i: item for i, item in enumerate(start) if isinstance(item, str)}
    for i, name in names.items():
        _check_name(name, (i,))
    if len(names) > 1:
        raise SpecError(f"{shown(DEFAULTS)} is there twice", ("start", list(names)[1]))


def _check_name(name: str, path: tuple[int, ...]) -> None:
    if name != DEFAULTS:
        raise SpecError(no_such("start point", name, [DEFAULTS]), ("start", *path))
