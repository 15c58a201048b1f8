"""Leave out the trials of a search that do not fit a study, with a note."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from optuna.trial import FrozenTrial

from crosstune.errors import SpecError

_Source = TypeVar("_Source")


def those_that_fit(
    sources: Sequence[_Source],
    read: Callable[[_Source, int], FrozenTrial],
    *,
    most: bool = False,
) -> tuple[list[FrozenTrial], list[str]]:
    """The trials without those whose values are outside their ranges, and notes.

    Args:
        sources: the trials of the other library.
        read: turns one of them and its position into a trial of the study; raises a SpecError for
            one that does not fit.
        most: refuse if more than half do not fit, as the space is that of another search.

    Raises:
        SpecError: with `most`, more than half do not fit.
    """
    trials: list[FrozenTrial] = []
    errors: list[SpecError] = []
    for position, source in enumerate(sources):
        try:
            trials.append(read(source, position))
        except SpecError as error:
            errors.append(error)
    if most and len(errors) > len(sources) / 2:
        raise errors[0]
    if not errors:
        return trials, []
    what = "1 trial is" if len(errors) == 1 else f"{len(errors)} trials are"
    return trials, [f"{what} left out, outside the ranges: {errors[0]}"]
