"""Check that the results in a folder are of the same objective."""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from crosstune.benchmarks.match.identity import identify
from crosstune.benchmarks.match.results import About, Identity, Settings
from crosstune.benchmarks.problems.base import Problem
from crosstune.errors import RequestError

_SHOWN = 12
"""The largest number of changes that a message lists."""
_logger = logging.getLogger("crosstune")


def identity(problem: Problem) -> Identity:
    """The digests of a problem's objective."""
    objective: Any = problem.prepared.objective
    if type(objective).__module__.startswith(("crosstune.objectives.", "crosstune.adapters.")):
        parts: dict[str, Any] = objective.made_of()
        return identify(parts)
    return identify({"the objective": objective})


def differences(there: Identity, here: Identity) -> list[str]:
    """One clause per difference of two objectives, without values that they change themselves.

    >>> differences(Identity({"score": "0a", "load": "1"}), Identity({"score": "0b"}))
    ['load is gone', 'score has changed']
    """
    state = {*there.state, *here.state}
    clauses = []
    for name in sorted({*there.parts, *here.parts} - state):
        if name not in here.parts:
            if name not in here.unseen:
                clauses.append(f"{name} is gone")
        elif name not in there.parts:
            if name not in there.unseen:
                clauses.append(f"{name} is new")
        elif there.parts[name] != here.parts[name]:
            clauses.append(f"{name} has changed")
    return clauses


def agree_on_objectives(
    path: Path,
    before: Settings | None,
    now: Settings,
    *,
    accept: bool,
    used: Collection[str],
    failed: Collection[str],
) -> Settings:
    """Merge the objectives of `now` with those in a folder.

    Args:
        path: of the folder, for the message.
        before: the settings in the folder; None for a new one.
        now: the requested settings.
        accept: keep the results of an objective that has changed.
        used: names of the problems whose results would be kept.
        failed: names of the problems that have only failures to keep.

    Raises:
        RequestError: an objective has changed; the message lists the changes.
    """
    if before is None:
        return now
    there = {about.name: about.objective for about in before.problems}
    if any(objective is None for objective in there.values()):
        _logger.warning(
            "%s was begun by a version that did not note the objective, so it is unknown whether "
            "the objective has changed. It is noted now",
            path,
        )
    changed: list[str] = []
    hopeless = True
    abouts = []
    for about in now.problems:
        old, new = there.get(about.name), about.objective
        abouts.append(_with_state(about, old))
        if old is None or new is None:
            continue
        if about.name in {*used, *failed}:
            changes = differences(old, new)
            changed += (
                changes if len(now.problems) == 1 else [f"{about.name}: {f}" for f in changes]
            )
            hopeless = hopeless and not (changes and about.name in used)
        for name, why in new.unseen.items():
            _warn_once(f"{path}: it cannot be told whether {name} has changed: {why}")
    if changed and not accept:
        raise RequestError(_refusal(path, changed, hopeless=hopeless))
    return replace(now, problems=tuple(abouts))


@cache
def _warn_once(text: str) -> None:
    """Warn once, not in every round of a match."""
    _logger.warning(text)


def _with_state(about: About, old: Identity | None) -> About:
    if old is None or about.objective is None:
        return about
    return replace(about, objective=replace(about.objective, state=old.state))


def _refusal(path: Path, changed: list[str], *, hopeless: bool) -> str:
    listed = [*changed[:_SHOWN], *([f"and {len(changed) - _SHOWN} more"] * (len(changed) > _SHOWN))]
    lines = "\n  ".join(listed)
    if hopeless:
        return (
            f"{path} holds only failures, of another objective:\n  {lines}\n--retry-failed "
            "(retry_failed=True) repeats them with the objective as it is now"
        )
    return (
        f"{path} holds results of another objective, which cannot be compared with new ones:\n"
        f"  {lines}\nUse another folder (--out). If the change does not alter what is measured, "
        "--same-objective (same_objective=True) keeps the results"
    )


def with_state(settings: Settings, problems: Collection[Problem]) -> Settings:
    """The settings after a match, with the values that its objectives changed themselves."""
    after = {problem.name: identity(problem) for problem in problems}
    abouts = []
    for about in settings.problems:
        old, new = about.objective, after[about.name]
        if old is not None:
            names = {*old.parts, *new.parts}
            moved = {name for name in names if old.parts.get(name) != new.parts.get(name)}
            about = replace(
                about, objective=replace(old, state=tuple(sorted({*old.state, *moved})))
            )
        abouts.append(about)
    return replace(settings, problems=tuple(abouts))
