"""The error of a run that would not go on as it began, and what has changed since."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from crosstune.errors import Passing, RequestError

MADE_ON = "made_on"
"""The key of a run's record that holds on what it was made."""

_LIBRARIES = ("numpy", "scipy", "scikit-learn", "torch", "cmaes")
"""What the engines compute with; another version of one may give other last digits."""

FRESH = "fresh"
"""What `resume` is, to go on with a fresh engine that learns from the ledger."""

GO_ON = (
    'To go on all the same, with a fresh engine that learns from the trials: resume="fresh", or '
    "--resume --fresh"
)


class Mismatch(RequestError):
    """A study cannot be continued to the trials that the uninterrupted run would have had."""


class Differs(Passing):
    """A trial that is asked for again is not the one that is kept.

    No Exception, so that neither Optuna nor an objective takes it for a failure of the trial.
    """

    def __init__(self, number: int, what: str, proposed: Any, kept: Any):
        self.number = number
        super().__init__(
            f"trial {number} has {what} = {kept!r}, and its engine proposes {proposed!r} now"
        )


def made_on() -> dict[str, str]:
    """The machine, and the libraries beneath the engines: what a run's record keeps.

    >>> "machine" in made_on()
    True
    """
    found = {"machine": f"{platform.node()} ({platform.system()} {platform.machine()})"}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def mismatch(
    study: str, differs: Differs, record: Mapping[str, Any], now: Mapping[str, Any]
) -> Mismatch:
    """The error for a trial that differs.

    Args:
        study: its name.
        differs: what was found.
        record: of the run.
        now: the record that the run would have if it began now.
    """
    return Mismatch(
        f"the study {study!r} cannot go on as it began: {differs}. {changes(record, now)} {GO_ON}"
    )


def changes(record: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """A sentence on what is not as it was when a run began."""
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
