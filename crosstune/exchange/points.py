"""Imported trials in a study: their points in its space, and those trials that do not fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from optuna.trial import FrozenTrial

from crosstune.engines import study_values as ledger
from crosstune.errors import SpecError
from crosstune.space.parameters import Parameter
from crosstune.space.space import Space
from crosstune.spec.foreign_space import NativeSpace

_Source = TypeVar("_Source")


def own(item: Parameter, value: Any) -> Any:
    """A value in the parameter's own type, such as 1 for 1.0.

    Raises:
        SpecError: it is not in the range.
    """
    return ledger.read(item, ledger.write(item, value))


def in_space(space: Space, point: Mapping[str, Any], number: int) -> dict[str, Any]:
    """A point as the ledger stores it.

    Args:
        space: of the study.
        point: values by name.
        number: of the trial, for the error.

    Raises:
        SpecError: it is not a point of the space.
    """
    try:
        space.check_point(point)
        point = {name: own(space[name], value) for name, value in point.items()}
    except SpecError as error:
        raise SpecError(f"trial {number} is not a point of the space: {error}") from None
    return ledger.write_point(space, point)


def moved(
    params: Mapping[str, Any], before: Space | None, space: Space, number: int
) -> dict[str, Any]:
    """The params of a trial under another space; those that are not in the space stay.

    Args:
        params: of the trial.
        before: the space that they were stored under; None if none was declared.
        space: the other space.
        number: of the trial, for the error.

    Raises:
        SpecError: they are not a point of the space.
    """
    values: Mapping[str, Any] = ledger.values(before, params)
    if isinstance(space, NativeSpace) and space.earlier is not None and space.earlier == before:
        values = space.earlier.moved(values, space)
    point = {name: value for name, value in values.items() if name in space}
    return {**params, **in_space(space, point, number)}


def those_that_fit(
    sources: Sequence[_Source], read: Callable[[_Source, int], FrozenTrial], *, most: bool = False
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
