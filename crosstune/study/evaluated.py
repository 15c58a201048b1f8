"""Checks that a resumed study is evaluated on the same data and estimator as before."""

from __future__ import annotations

import logging

from optuna.study import Study

from crosstune.digests.evaluated import ESTIMATOR, Evaluated
from crosstune.engines.record_names import EVALUATED
from crosstune.errors import RequestError

_logger = logging.getLogger("crosstune")


def agree(study: Study, now: Evaluated, *, begun: bool) -> None:
    """Compare with the record of a study, or leave a record in it.

    Args:
        study: to compare with.
        now: digests of what its trials are evaluated on.
        begun: whether the study has trials.

    Raises:
        RequestError: something differs; the message says what.
    """
    before = study.user_attrs.get(EVALUATED)
    if before is None or not begun:
        if begun:
            _logger.warning(
                "the study %r has no record of the data that its trials were scored on, since an "
                "earlier version made it. It continues with the present data, and records them "
                "from now on",
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
    if ESTIMATOR in names:  # then its parameters differ anyway
        names = [name for name in names if not name.endswith("of the estimator")]
    return [f"{name} ({_words(before.get(name), now.get(name))})" for name in names]


def _digest(parts: Evaluated, name: str) -> str | None:
    return parts[name][0] if name in parts else None


def _words(before: list[str] | None, now: list[str] | None) -> str:
    was, is_now = (part[1] if part else "none" for part in (before, now))
    if was == is_now:
        return f"{was}, with other content" if was else "another"
    return f"then {was}, now {is_now}"
