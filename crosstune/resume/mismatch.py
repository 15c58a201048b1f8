"""The error of a run that cannot continue as it began, and what has changed since."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from crosstune.errors import Passing, RequestError

MADE_ON = "made_on"
"""The key of a run's record for its machine and libraries; see `made_on`."""

_LIBRARIES = ("numpy", "scipy", "scikit-learn", "torch", "cmaes")
"""The engines compute with these; another version of one may give other last digits."""

FRESH = "fresh"
"""The value of `resume` that continues with a fresh engine that learns from the ledger."""

GO_ON = (
    'To continue anyway, with a fresh engine that learns from the trials: resume="fresh", or '
    "--resume --fresh"
)


class ResumeMismatch(RequestError):
    """A study cannot be continued to the trials that the uninterrupted run would have had."""


class Differs(Passing):
    """A trial that is asked for again is not the recorded one.

    Not an Exception, so that neither Optuna nor an objective takes it for a failure of the trial.

    Args:
        number: of the trial.
        name: of the parameter or attribute that differs.
        proposed: its value now.
        recorded: its value in the ledger.
    """

    def __init__(self, number: int, name: str, proposed: Any, recorded: Any):
        self.number = number
        super().__init__(
            f"trial {number} has {name} = {recorded!r}, and its engine proposes {proposed!r} now"
        )


def made_on() -> dict[str, str]:
    """The machine, and the versions of the libraries beneath the engines, for a run's record.

    >>> "machine" in made_on()
    True
    """
    versions = {"machine": f"{platform.node()} ({platform.system()} {platform.machine()})"}
    for name in _LIBRARIES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return versions


def mismatch(
    study: str, differs: Differs, record: Mapping[str, Any], now: Mapping[str, Any]
) -> ResumeMismatch:
    """The error for a trial that differs.

    Args:
        study: its name.
        differs: the difference.
        record: of the run.
        now: the record that the run would have if it began now.
    """
    return ResumeMismatch(
        f"the study {study!r} cannot continue as it began: {differs}. {changes(record, now)} "
        f"{GO_ON}"
    )


def changes(record: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """A sentence on what has changed since a run began."""
    before = {**record.get("versions", {}), **record.get(MADE_ON, {})}
    after = {**now.get("versions", {}), **now.get(MADE_ON, {})}
    changed = [
        f"{name} was {before.get(name, 'not there')} and is {after.get(name, 'not there')}"
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name) and (name in before or MADE_ON in record)
    ]
    if changed:
        return f"What has changed since: {'; '.join(changed)}."
    return (
        "Libraries, machine, space, seed and pruner are those that it began with, so either the "
        "trials were changed or added by something else, or the objective suggests in another "
        "order, or the engine is not deterministic."
    )
