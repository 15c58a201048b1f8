"""Start points of a search: parameters of the estimator, or the estimator as it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from crosstune.errors import SpecError, no_such
from crosstune.integrations.search_cv.translation import Translation
from crosstune.objectives.estimator_defaults import estimator_defaults
from crosstune.space.defaults import Defaults, default_point
from crosstune.space.parameters import shown


def start_of(start: Any, translation: Translation) -> Any:
    """Start points in the names and values of the space.

    Args:
        start: a mapping of the estimator's parameters, "defaults", or a list of these; None is
            that of the spec.
        translation: of the space.

    Raises:
        SpecError: a parameter is not searched, or cannot have the value.
    """
    if start is None or isinstance(start, str):
        return start
    if not isinstance(start, Iterable) or isinstance(start, Mapping):
        raise SpecError(f"a list is needed, not {shown(start)}", ("start",))
    points = []
    for i, item in enumerate(start):
        try:
            points.append(_point(item, translation) if isinstance(item, Mapping) else item)
        except SpecError as error:
            raise error.under("start", i) from None
    return points


def _point(params: Mapping[Any, Any], translation: Translation) -> dict[str, Any]:
    names = {entry.name for entry in translation.entries.values()}
    for name in params:
        if name not in names:
            raise SpecError(no_such("parameter", name, names), (str(name),))
    values, misfits = _in_best_branch(params, translation)
    for name, why in misfits.items():
        raise SpecError(why, (name,))
    return values


def defaults_of(estimator: Any, translation: Translation) -> Defaults:
    """The values that an estimator has, in the names and values of the space.

    Args:
        estimator: to be tuned.
        translation: of the space. Of several mappings it takes the first with the most values.
    """
    names = {entry.name for entry in translation.entries.values()}
    defaults = estimator_defaults(estimator, sorted(names))
    values, misfits = _in_best_branch(defaults.values, translation)
    if translation.branch is not None and _fits(values, translation) == 1:
        values = {}  # nothing fits but the branch itself
    unknown = {key: f"its default {why}" for key, why in misfits.items()}
    for key, entry in translation.entries.items():
        if entry.name in defaults.unknown:
            unknown[key] = defaults.unknown[entry.name]
    return Defaults(defaults.of, values, unknown)


def _in_best_branch(
    params: Mapping[str, Any], translation: Translation
) -> tuple[dict[str, Any], dict[str, str]]:
    """Values by their names in the space, in the first branch that takes the most of them.

    Returns:
        The values, and by name in the space why others are not among them.
    """
    branches = [_in_branch(params, translation, number) for number in range(translation.branches)]
    return max(branches, key=lambda branch: _fits(branch[0], translation))


def _fits(values: Mapping[str, Any], translation: Translation) -> int:
    point = default_point(translation.space, Defaults("", values))
    return len(point.params)


def _in_branch(
    params: Mapping[str, Any], translation: Translation, number: int
) -> tuple[dict[str, Any], dict[str, str]]:
    values: dict[str, Any] = {}
    misfits: dict[str, str] = {}
    if translation.branch is not None:
        values[translation.branch] = number
    for key, entry in translation.entries.items():
        if entry.name not in params or not _is_of_branch(key, translation, number):
            continue
        value = params[entry.name]
        try:
            values[key] = value if entry.meaning is None else entry.meaning.encode(value)
        except SpecError as error:
            misfits[key] = error.message
    return values, misfits


def _is_of_branch(key: str, translation: Translation, number: int) -> bool:
    branch = translation.branch
    return branch is None or number in translation.space[key].parents[branch]
