"""What the values of a study depend on beside its params: data, splits, scorers and estimator.

A study that is resumed with another of these would compare values of different things. So the
study holds a digest of each, and the same are asked for when it is resumed.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping
from typing import Any, TypeAlias

from optuna.study import Study

from crosstune.digests.values import SPEED, digest, shown
from crosstune.errors import RequestError

EVALUATED = "crosstune:evaluated"
"""The study attribute that holds what it is evaluated on."""

Evaluated: TypeAlias = Mapping[str, list[str]]
"""By its name in messages: the digest of a part, and a few words on it. JSON can hold it."""

ESTIMATOR = "estimator"
_logger = logging.getLogger("crosstune")


def part(value: Any, words: str | None = None, *, apart: Collection[Any] = ()) -> list[str]:
    """The digest of a part, and `words` on it, by default the beginning of its `repr`."""
    return [digest(value, apart=apart), shown(value) if words is None else words]


def of_data(x: Any, y: Any, fit_params: Mapping[str, Any]) -> dict[str, list[str]]:
    """The parts that a fit is called with; parameters that are None count as not given."""
    more = {f"fit parameter {name!r}": value for name, value in sorted(fit_params.items())}
    given = {"X": x, "y": y, **more}
    return {name: part(value) for name, value in given.items() if value is not None}


def of_splits(folds: Iterable[Any], splitter: Any) -> dict[str, list[str]]:
    """The indices of training and test parts."""
    words = shown(splitter, 100)
    if getattr(splitter, "shuffle", False) and getattr(splitter, "random_state", 0) is None:
        words += ", which splits anew at every fit: give it a random_state"
    return {"splits": part(list(folds), words)}


def of_estimator(estimator: Any, searched: Collection[str]) -> dict[str, list[str]]:
    """The class, and each parameter that is not searched; those that change no result are left out.

    Args:
        estimator: has scikit-learn's `get_params`.
        searched: the parameters that every point of the space sets.
    """
    found = {ESTIMATOR: part(type(estimator))}
    parameters = estimator.get_params(deep=True)
    parts = [value for value in parameters.values() if hasattr(value, "get_params")]
    for name, value in sorted(parameters.items()):
        steps = name.split("__")
        above = {"__".join(steps[:depth]) for depth in range(1, len(steps) + 1)}
        if not above & set(searched) and steps[-1] not in SPEED:
            whole = type(value) if any(value is each for each in parts) else value
            found[f"parameter {name!r} of the estimator"] = part(whole, shown(value), apart=parts)
    return found


def agree(study: Study, now: Evaluated, *, begun: bool) -> None:
    """Compare with what a study holds, and let it hold that from now on.

    Args:
        begun: whether the study has trials.

    Raises:
        RequestError: something differs, and what.
    """
    before = study.user_attrs.get(EVALUATED)
    if before is None or not begun:
        if begun:
            _logger.warning(
                "the study %r has no record of the data that its trials were scored on, since an "
                "earlier version made it. It continues with the data of now, and holds a record "
                "of them from here on",
                study.study_name,
            )
        study.set_user_attr(EVALUATED, dict(now))
        return
    differing = _differences(before, now)
    if differing:
        raise RequestError(
            f"the study {study.study_name!r} was evaluated on something else. It differs in: "
            f"{', '.join(differing)}. Scores of both cannot be compared: give what the study "
            "began with, or use another study_name or storage"
        )


def _differences(before: Evaluated, now: Evaluated) -> list[str]:
    names = [name for name in {**before, **now} if _digest(before, name) != _digest(now, name)]
    if ESTIMATOR in names:  # then its parameters are others anyway
        names = [name for name in names if not name.endswith("of the estimator")]
    return [f"{name} ({_words(before.get(name), now.get(name))})" for name in names]


def _digest(parts: Evaluated, name: str) -> str | None:
    return parts[name][0] if name in parts else None


def _words(before: list[str] | None, now: list[str] | None) -> str:
    was, is_now = (part[1] if part else "none" for part in (before, now))
    if was == is_now:
        return f"{was}, with other content" if was else "another"
    return f"then {was}, now {is_now}"
